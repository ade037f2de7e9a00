#pragma once
/// The grids of an input's images, as planning sees them.

#include <array>
#include <vector>

#include "photo51/data/plan/image_inputs.hpp"
#include "photo51/training/plan/unet_plan.hpp"

namespace photo51::training {

/// The box of what is not 0 in any channel of a case, on the grid of its first file; axes x, y, z.
struct CaseBox {
  const data::FileFacts* facts = nullptr;  ///< of that file
  data::VoxelBox box;
};
/// Of each measured case; files on another grid than the first of their case do not count.
std::vector<CaseBox> boxes_of(const data::PlannedImage& input);

/// mm, x, y, z. A file that does not say how large a pixel is counts as 1 mm, and a picture as
/// `data::thickness_of_pictures` thick.
std::array<double, 3> spacing_of(const data::FileFacts& facts);

/// Those boxes, z, y, x. Of a 2D input the axis across the pictures is the coarsest, whatever the files say.
std::vector<CaseGrid> grids_of(const data::PlannedImage& input);
/// The median share of the boxes in their images.
double share_of_nonzero(const data::PlannedImage& input);

}  // namespace photo51::training
