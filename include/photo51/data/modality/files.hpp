#pragma once
/// What inputs that are read from image files have in common, whether a model sees the images or numbers that
/// describe them.

#include <string>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/imaging/dicom/policy.hpp"
#include "photo51/imaging/masks/options.hpp"

namespace photo51::data {

/// A channel is a manifest column with files or series folders, `<input>.<channel>` or else `<channel>`.
struct FileOptions {
  std::vector<std::string> channels;
  std::string mask;                    ///< column of the mask
  imaging::MaskOptions masks;          ///< mask_label, mask_threshold, mask_outside: how the mask is read
  imaging::DicomPolicy dicom;          ///< series that are not one even stack
  std::vector<double> assume_spacing;  ///< x, y, z mm of files that do not say; empty = an error
  std::string assume_orientation;      ///< axes of files that do not say, such as LPS; empty = an error
};
/// The channels, the mask and how it is read.
void describe_channels(config::Fields& f, FileOptions& o);
/// How files are read that are odd, or do not say where they lie.
void describe_files(config::Fields& f, FileOptions& o);

}  // namespace photo51::data
