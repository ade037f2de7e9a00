#include <torch/nn/module.h>

#include "radiogenomics/losses/segmentation/parts.hpp"
#include "radiogenomics/losses/segmentation/rows.hpp"

namespace photo51::radiogenomics::losses {
namespace {

class DiceCe final : public SegmentationLoss {
 public:
  explicit DiceCe(DiceCeOptions options) : options_(std::move(options)) {}
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const override {
    return region_loss(Places("dice_ce", logits, labels, options_.weight), options_);
  }

 private:
  DiceCeOptions options_;
};

}  // namespace

std::shared_ptr<const SegmentationLoss> make_dice_ce(const config::Choice& loss) {
  return std::make_shared<DiceCe>(loss.as<DiceCeOptions>());
}

}  // namespace photo51::radiogenomics::losses
