#include "photo51/radiogenomics/heads/head.hpp"

#include <torch/nn/module.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/layers.hpp"
#include "photo51/radiogenomics/losses/survival.hpp"

namespace photo51::radiogenomics {

at::Tensor Head::loss(const at::Tensor& raw, const data::LabelBatch& labels) {
  const at::Tensor rows = labels.known.nonzero().squeeze(1);
  if (rows.numel() == 0) return {};
  const at::Tensor wide = raw.scalar_type() == at::kDouble ? raw : raw.to(at::kFloat);
  return known_loss(wide.index_select(0, rows.to(raw.device())), labels.value.index_select(0, rows),
                    labels.event.defined() ? labels.event.index_select(0, rows) : at::Tensor());
}

namespace {

/// A buffer of the given numbers, which `fit` overwrites.
at::Tensor filled(at::IntArrayRef shape, double value) {
  return nn::make_tensor(shape, [&](at::Tensor& t) { t.fill_(value); });
}

at::Tensor known_values(const data::LabelBatch& training) {
  at::Tensor values = training.value.masked_select(training.known);
  if (values.numel() == 0) core::fail_data("no training case has a known label");
  return values;
}

/// Of a buffer from a file; NaN is never right.
void require_all(const at::Tensor& right, const std::string& what) {
  if (!right.all().item<bool>()) core::fail_data(what + "; train the model again, or export it anew");
}

/// Binary and multiclass.
class Classifier final : public Head {
 public:
  Classifier(const HeadOptions& options, std::vector<std::string> classes, bool binary, int64_t width)
      : options_(options), classes_(std::move(classes)), binary_(binary) {
    const auto count = static_cast<int64_t>(classes_.size());
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, binary ? 1 : count));
    class_weights_ = register_buffer("class_weights", filled({count}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::LabelBatch& training) override {
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
    if (options_.class_weights != "inverse") return;
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
  at::Tensor known_loss(const at::Tensor& raw, const at::Tensor& value, const at::Tensor&) override {
    const at::Tensor target = value.to(raw.device()).to(at::kLong);
    // Binary as two logits, 0 and x: the same likelihood, one code for smoothing and weights.
    const at::Tensor log_p = binary_ ? at::log_sigmoid(at::cat({-raw, raw}, 1)) : raw.log_softmax(1);
    const at::Tensor picked = log_p.gather(1, target.unsqueeze(1)).squeeze(1);
    const double smooth = options_.label_smoothing;
    const at::Tensor each = smooth == 0 ? -picked : -((1 - smooth) * picked + smooth * log_p.mean(1));
    return (each * class_weights_.to(each.scalar_type()).index_select(0, target)).mean();
  }

 private:
  const std::string& name(int64_t k) const { return classes_[static_cast<size_t>(k)]; }

  HeadOptions options_;
  std::vector<std::string> classes_;
  bool binary_;
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor class_weights_;
};

class Regression final : public Head {
 public:
  explicit Regression(int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, 1));
    mean_ = register_buffer("mean", filled({1}, 0));
    deviation_ = register_buffer("deviation", filled({1}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::LabelBatch& training) override {
    const at::Tensor values = known_values(training).to(at::kDouble);
    const double deviation = values.std(/*unbiased=*/false).item<double>();
    if (!(deviation > 0))
      core::fail_data("all " + std::to_string(values.numel()) +
                      " training values are the same; there is nothing to learn");
    const at::NoGradGuard no_grad;
    mean_.fill_(values.mean().item<double>());
    deviation_.fill_(deviation);
  }

  at::Tensor predict(const at::Tensor& raw) override { return raw * deviation_ + mean_; }
  void check() const override { require_all(deviation_ > 0, "`deviation` is not above 0"); }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const at::Tensor& value, const at::Tensor&) override {
    const at::Tensor target = ((value.to(raw.device()) - mean_) / deviation_).to(raw.scalar_type());
    return (raw.squeeze(1) - target).square().mean();
  }

 private:
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor mean_, deviation_;
};

/// Many genes at once. A gene without spread in the training part is predicted by its mean.
class ExpressionHead final : public Head {
 public:
  ExpressionHead(int64_t genes, int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, genes));
    mean_ = register_buffer("mean", filled({genes}, 0));
    deviation_ = register_buffer("deviation", filled({genes}, 1));
  }

  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }

  void fit(const data::LabelBatch& training) override {
    const at::Tensor rows = training.known.nonzero().squeeze(1);
    if (rows.numel() == 0) core::fail_data("no training case stands in the table of expression");
    const at::Tensor values = training.value.index_select(0, rows).to(at::kDouble);
    const at::Tensor deviation = values.std(0, /*unbiased=*/false);
    const at::Tensor varies = deviation > 1e-6;
    if (!varies.any().item<bool>()) core::fail_data("no gene varies over the training cases");
    const at::NoGradGuard no_grad;
    mean_.copy_(values.mean(0));
    deviation_.copy_(at::where(varies, deviation, at::zeros_like(deviation)));
  }

  at::Tensor predict(const at::Tensor& raw) override { return raw * deviation_ + mean_; }
  void check() const override { require_all(deviation_ >= 0, "`deviation` is below 0"); }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const at::Tensor& value, const at::Tensor&) override {
    const at::Tensor varies = deviation_ > 0;
    const at::Tensor target =
        ((value.to(raw.device()) - mean_) / at::where(varies, deviation_, at::ones_like(deviation_)));
    return ((raw - target.to(raw.scalar_type())) * varies).square().sum(1).mean() / varies.sum();
  }

 private:
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor mean_, deviation_;
};

void require_event(const data::LabelBatch& training) {
  known_values(training);
  if (!(training.event & training.known).any().item<bool>())
    core::fail_data("all training patients are censored; survival needs observed events to learn from");
}

class CoxHead final : public Head {
 public:
  explicit CoxHead(int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, 1));
  }
  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }
  void fit(const data::LabelBatch& training) override { require_event(training); }
  at::Tensor predict(const at::Tensor& raw) override { return raw; }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const at::Tensor& value, const at::Tensor& event) override {
    return cox_efron_loss(raw.squeeze(1), value, event);
  }

 private:
  std::shared_ptr<nn::Linear> linear_;
};

class DiscreteTimeHead final : public Head {
 public:
  DiscreteTimeHead(int64_t bins, int64_t width) : bins_(bins) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, bins));
    edges_ = register_buffer("edges", filled({bins - 1}, std::nan("")));
  }
  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }
  void fit(const data::LabelBatch& training) override {
    require_event(training);
    const at::NoGradGuard no_grad;
    edges_.copy_(event_time_edges(training.value.masked_select(training.known),
                                  training.event.masked_select(training.known), bins_));
  }
  at::Tensor predict(const at::Tensor& raw) override { return discrete_risk(raw).unsqueeze(1); }
  void check() const override {
    require_all(edges_ >= 0, "`edges` holds a time that is below 0");
    require_all(edges_.diff() >= 0, "the times of `edges` do not ascend");
  }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const at::Tensor& value, const at::Tensor& event) override {
    if (!fitted_) fitted_ = !edges_.isnan().any().item<bool>();
    if (!fitted_)
      core::fail_usage("discrete_nll needs its time bins: fit the heads on the training part first");
    return discrete_nll_loss(raw, value.to(raw.device()), event.to(raw.device()), edges_);
  }

 private:
  int64_t bins_;
  bool fitted_ = false;
  std::shared_ptr<nn::Linear> linear_;
  at::Tensor edges_;
};

}  // namespace

std::shared_ptr<Head> make_head(const HeadOptions& options, const data::LabelSpec& label, int64_t width) {
  using Kind = data::LabelSpec::Kind;
  switch (label.kind) {
    case Kind::binary: {
      const std::string words = core::join(label.positive, " or ");
      const std::string positive = words.empty() ? "1" : words;
      const std::string negative = words.empty() ? "0" : "not " + words;
      return std::make_shared<Classifier>(options, std::vector<std::string>{negative, positive}, true, width);
    }
    case Kind::multiclass: {
      const auto count = static_cast<int64_t>(label.classes.size());
      if (count < 2)
        core::fail_usage(
            "a multiclass head needs the names of its classes; set `classes` or fit them on a cohort");
      if (const auto asked = class_count(options); asked && *asked != count)
        core::fail_usage("`classes` says " + std::to_string(*asked) + " and the cohort has " +
                         std::to_string(count) + ": " + core::join(label.classes, ", "));
      return std::make_shared<Classifier>(options, label.classes, false, width);
    }
    case Kind::regression:
      return std::make_shared<Regression>(width);
    case Kind::expression:
      if (label.classes.empty())
        core::fail_usage("an expression head needs its genes; set `genes` or fit them on a cohort");
      return std::make_shared<ExpressionHead>(static_cast<int64_t>(label.classes.size()), width);
    case Kind::survival:
      break;
  }
  if (options.loss == "discrete_nll") return std::make_shared<DiscreteTimeHead>(options.bins, width);
  return std::make_shared<CoxHead>(width);
}

}  // namespace photo51::radiogenomics
