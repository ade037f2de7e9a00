#include "photo51/radiogenomics/detection/detection_loss.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"
#include "photo51/radiogenomics/detection/hard_negatives.hpp"
#include "photo51/radiogenomics/detection/losses.hpp"
#include "photo51/radiogenomics/detection/matching.hpp"

namespace photo51::radiogenomics {
namespace {

void check_targets(const BoxTargets& target, int64_t values, int64_t classes) {
  if (target.boxes.dim() != 2 || target.boxes.size(1) != values || !target.boxes.is_floating_point() ||
      target.labels.dim() != 1 || target.labels.size(0) != target.boxes.size(0))
    core::fail_data("boxes are floating [N, " + std::to_string(values) + "], with a label for each");
  const at::Tensor bad_edges = (box_edges(target.boxes) <= 0).any(1);
  const at::Tensor not_finite = ~target.boxes.isfinite().all(1);
  const at::Tensor bad_label = (target.labels < 0) | (target.labels >= classes);
  for (int64_t box = 0; box < target.boxes.size(0); ++box)
    core::with_context([&] { return "box " + std::to_string(box); },
                       [&] {
                         if (not_finite[box].item<bool>()) core::fail_data("a corner is not a finite number");
                         if (bad_edges[box].item<bool>())
                           core::fail_data("has no extent along an axis; give corners apart, or a radius");
                         if (bad_label[box].item<bool>())
                           core::fail_data("label " + std::to_string(target.labels[box].item<int64_t>()) +
                                           " is not in 0.." + std::to_string(classes - 1));
                       });
}

/// What the classes are learned of: anchors and their targets.
struct ClassSample {
  at::Tensor logits, targets;
};

/// Of one image.
class ImageLoss {
 public:
  ImageLoss(const at::Tensor& logits, const at::Tensor& deltas, const Anchors& anchors,
            const BoxTargets& target, const DetectionOptions& options)
      : logits_(logits), deltas_(deltas), anchors_(anchors.boxes), options_(options) {
    boxes_ = target.boxes.to(anchors_.device());
    labels_ = target.labels.to(anchors_.device(), at::kLong);
    matches_ = match_boxes(boxes_.to(anchors_.scalar_type()), anchors, options.matcher);
    positive_ = (matches_ >= 0).nonzero().squeeze(1);
    of_positive_ = matches_.index_select(0, positive_);
    targets_ = at::zeros_like(logits);
    targets_.index_put_({positive_, labels_.index_select(0, of_positive_)}, at::ones({}, logits.options()));
  }

  at::Tensor focal() const {
    const at::Tensor loss = sigmoid_focal_loss(logits_, targets_, options_.loss.alpha, options_.loss.gamma);
    return loss.masked_fill((matches_ == match_ignored).unsqueeze(1), 0).sum() / positives();
  }

  ClassSample sample(core::Random& random) const {
    const at::Tensor rows =
        sample_hard_negatives(matches_, logits_.amax(1), *options_.loss.hard_negatives, random);
    return {logits_.index_select(0, rows), targets_.index_select(0, rows)};
  }

  at::Tensor boxes() const {
    return box_loss(deltas_.index_select(0, positive_), anchors_.index_select(0, positive_),
                    boxes_.index_select(0, of_positive_), options_.loss, options_.coding) /
           positives();
  }

 private:
  double positives() const { return static_cast<double>(std::max<int64_t>(positive_.size(0), 1)); }

  at::Tensor logits_, deltas_, anchors_, boxes_, labels_, matches_, positive_, of_positive_, targets_;
  const DetectionOptions& options_;
};

}  // namespace

DetectionLosses detection_loss(const DetectionOutputs& outputs, const std::vector<BoxTargets>& targets,
                               const DetectionOptions& options) {
  const int64_t images = outputs.logits.size(0);
  if (static_cast<int64_t>(targets.size()) != images)
    core::fail_usage("boxes of " + std::to_string(targets.size()) + " images, and " + std::to_string(images) +
                     " in the batch");
  // Losses in a short type would lose what many anchors add.
  const auto wide = [](const at::Tensor& values) {
    return values.scalar_type() == at::kDouble ? values : values.to(at::kFloat);
  };
  const at::Tensor logits = wide(outputs.logits), deltas = wide(outputs.deltas);
  std::vector<at::Tensor> class_losses, box_losses, sampled, sampled_targets;
  std::optional<core::Random> random;
  if (options.loss.hard_negatives)
    random.emplace({core::hash_key("hard negatives"),
                    static_cast<uint64_t>(at::randint(int64_t{1} << 62, {1}, at::kLong).item<int64_t>())});
  for (int64_t image = 0; image < images; ++image)
    core::with_context([&] { return "image " + std::to_string(image); },
                       [&] {
                         const BoxTargets& target = targets[static_cast<size_t>(image)];
                         check_targets(target, deltas.size(2), logits.size(2));
                         const ImageLoss of(logits[image], deltas[image], outputs.anchors, target, options);
                         box_losses.push_back(of.boxes());
                         if (options.loss.classes == ClassLoss::focal) {
                           class_losses.push_back(of.focal());
                           return;
                         }
                         const ClassSample sample = of.sample(*random);
                         sampled.push_back(sample.logits);
                         sampled_targets.push_back(sample.targets);
                       });
  if (options.loss.classes == ClassLoss::focal)
    return {at::stack(class_losses).mean(), at::stack(box_losses).mean()};
  return {at::binary_cross_entropy_with_logits(at::cat(sampled), at::cat(sampled_targets)),
          at::stack(box_losses).mean()};
}

}  // namespace photo51::radiogenomics
