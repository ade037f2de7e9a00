#include "radiogenomics/losses/segmentation/parts.hpp"

#include <torch/nn/module.h>

#include <numeric>
#include <sstream>
#include <string>

#include "photo51/core/error.hpp"

namespace photo51::radiogenomics::losses {
namespace {

std::string shown(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

void check_shapes(const char* name, const at::Tensor& logits, const at::Tensor& labels) {
  const bool dims = (logits.dim() == 4 || logits.dim() == 5) && labels.dim() == logits.dim() - 1;
  bool fits = dims && logits.size(1) >= 2 && logits.size(0) == labels.size(0);
  for (int64_t axis = 1; fits && axis < labels.dim(); ++axis)
    fits = labels.size(axis) == logits.size(axis + 1);
  if (!fits || labels.scalar_type() != at::kLong)
    core::fail_run(std::string("loss ") + name + ": logits " + shown(logits) + " and labels " +
                   shown(labels) + " of " + c10::toString(labels.scalar_type()) +
                   "; it takes [B, K, [D,] H, W] with 2 or more classes, and int64 [B, [D,] H, W]");
}

}  // namespace

Places::Places(const char* name, const at::Tensor& of_logits, const at::Tensor& of_labels,
               const std::vector<double>& of_weight) {
  check_shapes(name, of_logits, of_labels);
  classes = of_logits.size(1);
  if (!of_weight.empty() && static_cast<int64_t>(of_weight.size()) != classes)
    core::fail_usage(std::string("loss ") + name + ": `weight` has " + std::to_string(of_weight.size()) +
                     " numbers and the segmentation has " + std::to_string(classes) +
                     " classes, the background being the first; give a number for each");
  logits = of_logits.scalar_type() == at::kDouble ? of_logits : of_logits.to(at::kFloat);
  log_p = logits.log_softmax(1);
  axes.resize(static_cast<size_t>(logits.dim() - 2));
  std::iota(axes.begin(), axes.end(), 2);
  const at::Tensor raw = of_labels.unsqueeze(1);
  std::vector<int64_t> shape(static_cast<size_t>(logits.dim()), 1);
  shape[1] = classes;
  is_class = raw.eq(at::arange(classes, raw.options()).view(shape));
  const at::Tensor there = raw.ge(0);
  const int64_t all = logits.numel() / std::max<int64_t>(1, logits.size(0) * classes);
  // A GPU would have to be waited for, and masking is cheap there.
  if (!there.is_cpu() || !there.all().item<bool>()) {
    known = there;
    labels = raw.clamp_min(0);
    count = known.sum(axes).squeeze(1).clamp_min(1).to(logits.scalar_type());
  } else {
    labels = raw;
    count = at::full({logits.size(0)}, static_cast<double>(all), logits.options());
  }
  if (!of_weight.empty())
    weight = at::tensor(of_weight, at::kDouble).to(logits.device(), logits.scalar_type());
}

at::Tensor Places::known_sum(const at::Tensor& values) const {
  return sum(known.defined() ? values * known : values);
}

at::Tensor over_batch(const at::Tensor& sums, bool batch) {
  return batch ? sums.sum(0, /*keepdim=*/true) : sums;
}

at::Tensor mean_of_classes(const Places& places, at::Tensor score, bool include_background) {
  if (places.weight.defined()) score = score * places.weight;
  if (!include_background) score = score.slice(1, 1);
  return score.mean(1).expand({places.logits.size(0)});
}

at::Tensor dice_loss(const Places& places, const SoftDiceOptions& options) {
  const at::Tensor p = places.log_p.exp();
  const at::Tensor both = over_batch(places.sum(p * places.is_class), options.batch);
  const at::Tensor predicted =
      over_batch(places.known_sum(options.squared_pred ? p.square() : p), options.batch);
  const at::Tensor truth = over_batch(places.sum(places.is_class).to(p.scalar_type()), options.batch);
  const at::Tensor apart = predicted + truth;  // twice the mean size
  const at::Tensor size = options.jaccard ? 2 * (apart - both) : apart;
  return mean_of_classes(places, 1 - (2 * both + options.smooth_nr) / (size + options.smooth_dr),
                         options.include_background);
}

at::Tensor cross_entropy(const Places& places, double label_smoothing) {
  at::Tensor of_class = -places.log_p.gather(1, places.labels);
  at::Tensor sum, all = places.count;
  if (places.weight.defined()) {
    const at::Tensor weights = places.weight.index_select(0, places.labels.flatten()).view_as(of_class);
    of_class = of_class * weights;
    const at::Tensor total = places.known_sum(weights).squeeze(1);
    all = at::where(total > 0, total, at::ones_like(total));
  }
  sum = places.known_sum(of_class).squeeze(1);
  if (label_smoothing > 0) {
    at::Tensor of_all = places.known_sum(-places.log_p);
    if (places.weight.defined()) of_all = of_all * places.weight;
    sum = (1 - label_smoothing) * sum + label_smoothing * of_all.mean(1);
  }
  return sum / all;
}

at::Tensor region_loss(const Places& places, const DiceCeOptions& options) {
  at::Tensor loss;
  if (options.lambda_dice > 0) loss = options.lambda_dice * dice_loss(places, options.dice);
  if (options.lambda_ce > 0) {
    const at::Tensor entropy = options.lambda_ce * cross_entropy(places, options.label_smoothing);
    loss = loss.defined() ? loss + entropy : entropy;
  }
  return loss.defined() ? loss : at::zeros({places.logits.size(0)}, places.logits.options());
}

}  // namespace photo51::radiogenomics::losses
