#pragma once
/// The grid on which a SEG's frames lie.

#include <vector>

#include "imaging/dicom_element.hpp"
#include "imaging/segmentation.hpp"

namespace photo51::imaging {

/// The item of a functional group for `frame`: its own, else the shared one, else null.
DcmItem* functional_group(DcmItem& dataset, size_t frame, const DcmTagKey& sequence);

/// Fills in `geometry` and `step_known` from the frames' places and the image's slices, if there are any.
/// Errors (data) without the file's name.
void place_frames(DcmItem& dataset, Segmentation& found, const Geometry* image = nullptr);

/// Slice of a frame's position on the grid.
int64_t slice_of(const Geometry& grid, const std::vector<double>& position);

}  // namespace photo51::imaging
