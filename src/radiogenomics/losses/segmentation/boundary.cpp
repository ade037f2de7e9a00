#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/ops/distance.hpp"
#include "radiogenomics/losses/segmentation/parts.hpp"
#include "radiogenomics/losses/segmentation/rows.hpp"

namespace photo51::radiogenomics::losses {
namespace {

/// Distance to the nearest place of the class outside it, minus that to the nearest known place of another
/// within; 0 at all places of an image that the class fills or is absent from, and at unknown places.
at::Tensor signed_distances(const at::Tensor& labels, int64_t classes, const std::vector<double>& spacing,
                            at::ScalarType type) {
  std::vector<at::Tensor> maps;
  for (const at::Tensor& image : labels.unbind(0))
    for (int64_t k = 1; k < classes; ++k) {
      const at::Tensor inside = image.eq(k), outside = image.ge(0).logical_and(~inside);
      if (!inside.any().item<bool>() || !outside.any().item<bool>()) {
        maps.push_back(at::zeros(image.sizes(), type));
        continue;
      }
      const at::Tensor away = ops::squared_distance(inside, spacing, type).sqrt_();
      const at::Tensor deep = ops::squared_distance(outside, spacing, type).sqrt_();
      maps.push_back((away * outside).sub_(deep * inside));
    }
  std::vector<int64_t> shape(labels.sizes().begin(), labels.sizes().end());
  shape.insert(shape.begin() + 1, classes - 1);
  return at::stack(maps).view(shape);
}

class Boundary final : public SegmentationLoss {
 public:
  explicit Boundary(BoundaryOptions options) : options_(std::move(options)) {}
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const override {
    const Places places("boundary", logits, labels, options_.region.weight);
    std::vector<double> spacing = options_.spacing;
    if (spacing.empty()) spacing.assign(places.axes.size(), 1);
    if (spacing.size() != places.axes.size())
      core::fail_usage("loss boundary: `spacing` has " + std::to_string(spacing.size()) +
                       " numbers and the patches have " + std::to_string(places.axes.size()) +
                       " axes; give a number for each, in mm");
    const at::Tensor loss = region_loss(places, options_.region);
    if (options_.lambda_boundary <= 0) return loss;
    const at::Tensor distances =
        signed_distances(labels.cpu(), places.classes, spacing, places.logits.scalar_type())
            .to(places.logits.device());
    const at::Tensor sums = places.sum(places.log_p.slice(1, 1).exp() * distances).mean(1);
    return loss + options_.lambda_boundary * sums / places.count;
  }

 private:
  BoundaryOptions options_;
};

}  // namespace

std::shared_ptr<const SegmentationLoss> make_boundary(const config::Choice& loss) {
  return std::make_shared<Boundary>(loss.as<BoundaryOptions>());
}

}  // namespace photo51::radiogenomics::losses
