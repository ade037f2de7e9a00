#pragma once
/// DICOM objects to one volume.

#include <vector>

#include "imaging/dicom/functional_groups.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::imaging {

/// One file with what is known of its frames; `values` are undefined until they are decoded.
struct DicomObject {
  DicomHeader header;
  std::vector<DicomFrame> frames;
  at::Tensor values;  ///< [frames, samples, rows, columns] after rescale
};
/// A mosaic becomes as many frames as it has slices. Error (data): what read_frames and spread_mosaic refuse.
DicomObject make_object(DicomHeader header);

/// Error (data) naming the file whose rescale, unit or colors are not those of the first: some have a
/// RescaleSlope and others do not, HU and US, Bq/ml and counts.
void require_same_values(const std::vector<DicomObject>& objects);
/// What is odd about decoded pixels: padding, loss by compression.
void warn_of_pixels(const std::vector<DicomObject>& objects, Volume& volume);

/// Images of one series to one volume, with diffusion weightings and times as channels. `source` is the file
/// or folder, for messages. Errors (data): what require_volume, require_units, require_same_values,
/// read_mr_channels and make_dicom_volume refuse.
Volume read_dicom_objects(std::vector<DicomHeader> headers, const std::string& source,
                          const ReadOptions& options);

/// Decodes what is not decoded yet, releasing each header's file, and places all frames on one grid.
/// `source` is the file or folder, for messages. Errors (data): what place_planes and read_values refuse.
Volume make_dicom_volume(std::vector<DicomObject> objects, const std::string& source,
                         const ReadOptions& options);

}  // namespace photo51::imaging
