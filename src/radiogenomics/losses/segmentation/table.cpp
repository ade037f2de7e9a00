#include <cmath>

#include "photo51/config/read.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "photo51/radiogenomics/losses/segmentation_options.hpp"
#include "radiogenomics/losses/segmentation/rows.hpp"

namespace photo51::radiogenomics {

config::Catalogue<BuildSegmentationLoss>& segmentation_losses() {
  static config::Catalogue<BuildSegmentationLoss> table{
      {config::component<DiceCeOptions>("dice_ce", "soft Dice and cross entropy"), losses::make_dice_ce},
      {config::component<FocalOptions>("focal", "cross entropy that weighs what is hard"),
       losses::make_focal},
      {config::component<DiceFocalOptions>("dice_focal", "soft Dice and focal loss"),
       losses::make_dice_focal},
      {config::component<TverskyOptions>("tversky", "Dice that weighs false positives and negatives apart"),
       losses::make_tversky},
      {config::component<BoundaryOptions>("boundary", "dice_ce and distances to the outline"),
       losses::make_boundary},
  };
  return table;
}

std::shared_ptr<const SegmentationLoss> make_segmentation_loss(const config::Choice& loss) {
  const auto* build = segmentation_losses().find(loss.name);
  if (build == nullptr) config::default_choice(segmentation_losses().components(), loss.name);  // throws
  return (*build)(loss);
}

std::vector<double> deep_supervision_weights(int64_t outputs) {
  std::vector<double> weights;
  const double all = 2 - std::exp2(static_cast<double>(1 - outputs));  // 1 + 1/2 + ...
  for (int64_t i = 0; i < outputs; ++i) weights.push_back(std::exp2(static_cast<double>(-i)) / all);
  return weights;
}

}  // namespace photo51::radiogenomics
