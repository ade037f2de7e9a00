#include <torch/nn/module.h>

#include "radiogenomics/losses/segmentation/parts.hpp"
#include "radiogenomics/losses/segmentation/rows.hpp"

namespace photo51::radiogenomics::losses {
namespace {

class Tversky final : public SegmentationLoss {
 public:
  explicit Tversky(const TverskyOptions& options) : options_(options) {}
  at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const override {
    const Places places("tversky", logits, labels, {});
    const at::Tensor p = places.log_p.exp();
    const at::Tensor both = over_batch(places.sum(p * places.is_class), options_.batch);
    const at::Tensor predicted = over_batch(places.known_sum(p), options_.batch);
    const at::Tensor truth = over_batch(places.sum(places.is_class).to(p.scalar_type()), options_.batch);
    const at::Tensor size = both + options_.alpha * (predicted - both) + options_.beta * (truth - both);
    return mean_of_classes(places, 1 - (both + options_.smooth_nr) / (size + options_.smooth_dr),
                           options_.include_background);
  }

 private:
  TverskyOptions options_;
};

}  // namespace

std::shared_ptr<const SegmentationLoss> make_tversky(const config::Choice& loss) {
  return std::make_shared<Tversky>(loss.as<TverskyOptions>());
}

}  // namespace photo51::radiogenomics::losses
