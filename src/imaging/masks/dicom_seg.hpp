#pragma once
/// DICOM SEG: segments by frame.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

struct Segment {
  int64_t number = 0;
  std::string label;
};

struct Segmentation {
  std::vector<Segment> segments;
  std::string type;  ///< BINARY, FRACTIONAL, LABELMAP
  std::string frame_of_reference;
  std::vector<std::string> referenced_series;  ///< UIDs
  bool on_slide = false;                       ///< tiles of a slide: no volume
  at::Tensor frames;                           ///< uint8 or int32 [F, rows, columns], as stored
  double most = 1;                             ///< the stored value that means all of a voxel
  struct Frame {
    std::vector<double> position;  ///< mm, LPS; empty when there is none
    int64_t segment = 0;           ///< number; 0 in a label map
  };
  std::vector<Frame> places;  ///< by frame
  Geometry geometry;          ///< of all frames; size 0 when on_slide
  /// False: there is one slice, and nothing says how far it is to the next; the spacing is its thickness.
  bool step_known = true;
  std::vector<std::string> warnings;

  /// Segment `number` as uint8 [D, H, W] of 0 and 1. Not for slides.
  at::Tensor mask_of(int64_t number) const;
  /// Voxels of it in all frames; for slides too.
  int64_t count(int64_t number) const;
  double voxel_mm3() const;  ///< NaN when the size of a voxel is not known
};

/// The grid of the image that a SEG with this FrameOfReferenceUID and these referenced series was drawn on;
/// null when there is none.
using GridChooser =
    std::function<const Geometry*(const std::string& frame, const std::vector<std::string>& series)>;

/// Frames of nothing may have been left out, so the distance between slices is that of the image when all
/// frames lie on its slices, else what the file says or the smallest gap. Labels are UTF-8. Errors (data):
/// not a SEG, no frames, frames without a place, turned against each other or off an even grid.
Segmentation read_segmentation(const std::filesystem::path& path, const GridChooser& grid_of = {});

}  // namespace photo51::imaging
