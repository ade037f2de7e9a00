#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

/// Binary and multiclass.
class Classifier final : public Head {
 public:
  Classifier(const ClassHeadOptions& options, std::vector<std::string> classes, bool binary, int64_t width)
      : options_(options), classes_(std::move(classes)), binary_(binary) {
    const auto count = static_cast<int64_t>(classes_.size());
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, binary ? 1 : count));
    class_weights_ = register_buffer("class_weights", filled({count}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::Targets& training) override {
    const at::Tensor values = known_values(training);
    const auto classes = static_cast<int64_t>(classes_.size());
    const at::Tensor counts = values.to(at::kLong).bincount({}, classes).to(at::kCPU);
    for (int64_t k = 0; k < classes; ++k)
      if (counts[k].item<int64_t>() == values.numel())
        core::fail_data("all " + std::to_string(values.numel()) + " training cases are `" + name(k) +
                        "`; it takes cases of another class to learn from");
    for (int64_t k = 0; k < classes; ++k)
      if (counts[k].item<int64_t>() == 0)
        core::fail_data("no training case is `" + name(k) + "`; leave the class out or split otherwise");
    if (options_.class_weights != ClassWeights::inverse) return;
    const at::NoGradGuard no_grad;
    class_weights_.copy_(values.numel() / (static_cast<double>(classes) * counts.to(at::kDouble)));
  }

  at::Tensor predict(const at::Tensor& raw) override {
    if (!binary_) return raw.softmax(1);
    return at::cat({at::sigmoid(-raw), at::sigmoid(raw)}, 1);
  }
  void check() const override {
    require_all(class_weights_ > 0, "`class_weights` holds a weight that is not above 0");
  }

 protected:
  /// The class weights average to one over the training part, so the plain mean needs no division by them.
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    const at::Tensor target = known.value.to(raw.device()).to(at::kLong);
    // Binary as two logits, 0 and x: the same likelihood, one code for smoothing and weights.
    const at::Tensor log_p = binary_ ? at::log_sigmoid(at::cat({-raw, raw}, 1)) : raw.log_softmax(1);
    const at::Tensor picked = log_p.gather(1, target.unsqueeze(1)).squeeze(1);
    const double smooth = options_.label_smoothing;
    const at::Tensor each = smooth == 0 ? -picked : -((1 - smooth) * picked + smooth * log_p.mean(1));
    return (each * class_weights_.to(each.scalar_type()).index_select(0, target)).mean();
  }

 private:
  const std::string& name(int64_t k) const { return classes_[static_cast<size_t>(k)]; }

  ClassHeadOptions options_;
  std::vector<std::string> classes_;
  bool binary_;
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor class_weights_;
};

}  // namespace

TaskHead binary_head() {
  TaskHead row = head_row<BinaryHeadOptions>();
  row.label = [](const config::Choice& head, data::TaskSpec& spec) {
    spec.positive = head.as<BinaryHeadOptions>().positive;
    spec.negative = head.as<BinaryHeadOptions>().negative;
  };
  row.make = [](const config::Choice& head, const data::TaskSpec& label,
                int64_t width) -> std::shared_ptr<Head> {
    const std::string words = core::join(label.positive, " or ");
    const std::string positive = words.empty() ? "1" : words;
    const std::string negative = words.empty() ? "0" : "not " + words;
    return std::make_shared<Classifier>(head.as<BinaryHeadOptions>(), std::vector{negative, positive}, true,
                                        width);
  };
  return row;
}

std::optional<int64_t> class_count(const MulticlassHeadOptions& options) {
  if (options.classes.size() != 1) return std::nullopt;
  const auto count = core::parse_int(options.classes[0]);
  return count ? std::optional<int64_t>(*count) : std::nullopt;
}

TaskHead multiclass_head() {
  TaskHead row = head_row<MulticlassHeadOptions>();
  row.label = [](const config::Choice& head, data::TaskSpec& spec) {
    const auto& options = head.as<MulticlassHeadOptions>();
    if (!class_count(options)) spec.classes = options.classes;
  };
  row.check = [](const config::Choice& head, const data::TaskSpec& label) {
    const auto count = static_cast<int64_t>(label.classes.size());
    if (const auto asked = class_count(head.as<MulticlassHeadOptions>()); asked && *asked != count)
      core::fail_usage("`classes` says " + std::to_string(*asked) + " and the cohort has " +
                       std::to_string(count) + ": " + core::join(label.classes, ", "));
  };
  row.make = [](const config::Choice& head, const data::TaskSpec& label,
                int64_t width) -> std::shared_ptr<Head> {
    return std::make_shared<Classifier>(head.as<MulticlassHeadOptions>(), label.classes, false, width);
  };
  return row;
}

}  // namespace photo51::radiogenomics
