#pragma once
/// The frames of one DICOM whole-slide instance, each read and decoded when it is asked for.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "imaging/dicom_fragments.hpp"
#include "imaging/slide_pieces.hpp"

class DcmElement;
class DcmFileFormat;

namespace photo51::imaging {

/// What the header says of the pixels of one instance of VL Whole Slide Microscopy (PS3.3 A.32.8).
struct SlideInstance {
  std::filesystem::path path;
  std::string series_uid, flavor;  ///< VOLUME, THUMBNAIL, LABEL, OVERVIEW
  std::string syntax, photometric, manufacturer;
  PieceGrid grid;  ///< of the total pixel matrix
  int64_t frames = 0, samples = 0, bits = 0, planar = 0;
  std::optional<std::array<double, 2>> mpp;  ///< x, y
  std::optional<double> objective_power;
  bool shows_label = false;       ///< SpecimenLabelInImage or BurnedInAnnotation is YES
  std::vector<int64_t> frame_of;  ///< of each place of the grid; -1: nothing was stored
  std::vector<std::string> warnings;
  std::shared_ptr<DcmFileFormat> file;
};

/// Error (data) that names the tag: not a whole-slide instance, no total pixel matrix, tiles off the grid, a
/// part of a concatenation, pixels that are no 8-bit picture.
SlideInstance read_slide_instance(const std::filesystem::path& path);

class SlideFrames {
 public:
  /// Error (data): the file holds fewer frames than its header says.
  explicit SlideFrames(const SlideInstance& instance);
  /// Safe for several threads. Error (data): damaged.
  Piece decode(int64_t frame) const;

 private:
  std::vector<uint8_t> stored_bytes(int64_t frame) const;

  SlideInstance instance_;
  DcmElement* native_ = nullptr;
  std::optional<FrameFragments> fragments_;
  mutable std::mutex mutex_;  ///< DCMTK reads
};

}  // namespace photo51::imaging
