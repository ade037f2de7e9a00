#pragma once
/// The losses of the table, by file.

#include "photo51/radiogenomics/losses/segmentation.hpp"

namespace photo51::radiogenomics::losses {

std::shared_ptr<const SegmentationLoss> make_dice_ce(const config::Choice& loss);
std::shared_ptr<const SegmentationLoss> make_focal(const config::Choice& loss);
std::shared_ptr<const SegmentationLoss> make_dice_focal(const config::Choice& loss);
std::shared_ptr<const SegmentationLoss> make_tversky(const config::Choice& loss);
std::shared_ptr<const SegmentationLoss> make_boundary(const config::Choice& loss);

}  // namespace photo51::radiogenomics::losses
