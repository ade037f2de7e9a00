#include <torch/nn/module.h>

#include <limits>

#include "radiogenomics/losses/segmentation/parts.hpp"
#include "radiogenomics/losses/segmentation/rows.hpp"

namespace photo51::radiogenomics::losses {
namespace {

/// The smallest number of the type, below which a power under 1 would have an infinite gradient.
double least_of(const at::Tensor& values) {
  return values.scalar_type() == at::kDouble ? std::numeric_limits<double>::min()
                                             : static_cast<double>(std::numeric_limits<float>::min());
}

/// Sums over the places [B, K or 1] of each image.
at::Tensor softmax_focal(const Places& places, const FocalOptions& options) {
  const at::Tensor log_p = places.log_p.gather(1, places.labels);
  const at::Tensor missing = (-log_p.expm1()).clamp_min(least_of(log_p));
  at::Tensor loss = -missing.pow(options.gamma) * log_p;
  if (options.alpha || places.weight.defined()) {
    at::Tensor factors = at::ones({places.classes}, log_p.options());
    if (options.alpha) {
      factors.fill_(*options.alpha);
      factors.select(0, 0).fill_(1 - *options.alpha);
    }
    if (places.weight.defined()) factors = factors * places.weight;
    loss = loss * factors.index_select(0, places.labels.flatten()).view_as(loss);
  }
  return places.known_sum(loss);
}

at::Tensor sigmoid_focal(const Places& places, const FocalOptions& options) {
  const at::Tensor& is_class = places.is_class;
  const at::Tensor signed_logits = at::where(is_class, places.logits, -places.logits);
  // -log p and gamma log(1 - p) of what the label says of each class
  at::Tensor loss = -at::log_sigmoid(signed_logits) * (options.gamma * at::log_sigmoid(-signed_logits)).exp();
  if (options.alpha) {
    const at::Tensor alpha = at::full({}, *options.alpha, loss.options());
    loss = loss * at::where(is_class, alpha, 1 - alpha);
  }
  at::Tensor sums = places.known_sum(loss);
  if (places.weight.defined()) sums = sums * places.weight;
  return options.include_background ? sums : sums.slice(1, 1);
}

class Focal final : public SegmentationLoss {
 public:
  explicit Focal(FocalOptions options) : options_(std::move(options)) {}
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const override {
    return focal_loss(Places("focal", logits, labels, options_.weight), options_);
  }

 private:
  FocalOptions options_;
};

class DiceFocal final : public SegmentationLoss {
 public:
  explicit DiceFocal(DiceFocalOptions options) : options_(std::move(options)) {}
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const override {
    const Places places("dice_focal", logits, labels, options_.weight);
    const FocalOptions focal{.include_background = options_.use_softmax || options_.dice.include_background,
                             .gamma = options_.gamma,
                             .alpha = options_.alpha,
                             .weight = options_.weight,
                             .use_softmax = options_.use_softmax};
    return options_.lambda_dice * dice_loss(places, options_.dice) +
           options_.lambda_focal * focal_loss(places, focal);
  }

 private:
  DiceFocalOptions options_;
};

}  // namespace

at::Tensor focal_loss(const Places& places, const FocalOptions& options) {
  const at::Tensor sums =
      options.use_softmax ? softmax_focal(places, options) : sigmoid_focal(places, options);
  const int64_t classes = options.include_background ? places.classes : places.classes - 1;
  return sums.sum(1) / (static_cast<double>(classes) * places.count);
}

std::shared_ptr<const SegmentationLoss> make_focal(const config::Choice& loss) {
  return std::make_shared<Focal>(loss.as<FocalOptions>());
}

std::shared_ptr<const SegmentationLoss> make_dice_focal(const config::Choice& loss) {
  return std::make_shared<DiceFocal>(loss.as<DiceFocalOptions>());
}

}  // namespace photo51::radiogenomics::losses
