#pragma once
/// The grid on which a SEG's frames lie.

#include <vector>

#include "imaging/dicom/element.hpp"
#include "imaging/masks/dicom_seg.hpp"

namespace photo51::imaging {

/// The functional groups of an object's frames.
class FunctionalGroups {
 public:
  explicit FunctionalGroups(DcmItem& dataset);
  /// The item of `sequence` for `frame`: its own, else the shared one, else null.
  DcmItem* find(size_t frame, const DcmTagKey& sequence) const;

 private:
  std::vector<DcmItem*> own_;
  DcmItem* shared_;
};

/// Fills in `geometry` and `step_known` from the frames' places and the image's slices, if there are any.
/// Errors (data) without the file's name.
void place_frames(const FunctionalGroups& groups, Segmentation& found, const Geometry* image = nullptr);

/// Slice of a frame's position on the grid.
int64_t slice_of(const Geometry& grid, const std::vector<double>& position);

}  // namespace photo51::imaging
