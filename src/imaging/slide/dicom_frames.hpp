#pragma once
/// The frames of one DICOM whole-slide instance, each read and decoded when it is asked for.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "imaging/dicom/pixels/fragments.hpp"
#include "imaging/slide/blocks.hpp"

class DcmElement;
class DcmFileFormat;

namespace photo51::imaging {

/// An item of OpticalPathSequence (0048,0105).
struct OpticalPath {
  std::string id, description;

  const std::string& name() const { return description.empty() ? id : description; }
};
/// Where a frame says that it lies.
struct FramePlace {
  int64_t place = 0;  ///< row by row on the grid
  double z = 0;
  std::string path;  ///< OpticalPathIdentifier
};

/// What the header says of the pixels of one instance of VL Whole Slide Microscopy (PS3.3 A.32.8), or of one
/// part of a concatenation of it.
struct SlideInstance {
  std::filesystem::path path;
  std::string series_uid, flavor;  ///< VOLUME, THUMBNAIL, LABEL, OVERVIEW
  std::string syntax, photometric, manufacturer;
  PieceGrid grid;  ///< of the total pixel matrix
  int64_t frames = 0, samples = 0, bits = 0, planar = 0;
  std::optional<std::array<double, 2>> mpp;  ///< x, y
  std::optional<double> objective_power;
  bool shows_label = false;  ///< SpecimenLabelInImage or BurnedInAnnotation is YES
  std::vector<OpticalPath> paths;
  int64_t declared_paths = 0, declared_planes = 0;  ///< 0: not said
  bool is_full = false;                             ///< frames lie in reading order
  std::vector<FramePlace> places;                   ///< of each frame unless `is_full`
  std::string concatenation;                        ///< UID; empty = whole
  int64_t part = 0, parts = 0;                      ///< number of this part, from 1, and of all; 0 = not said
  std::vector<std::string> warnings;
  std::shared_ptr<DcmFileFormat> file;
};

/// Nothing when the file is not DICOM or of another class (annotations, DICOMDIR); errors as below.
std::optional<SlideInstance> find_slide_instance(const std::filesystem::path& path);
/// Error (data) that names the tag: not a whole-slide instance, no total pixel matrix, tiles off the grid,
/// pixels that are no 8-bit picture.
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
