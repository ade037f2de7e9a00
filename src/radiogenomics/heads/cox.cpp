#include <torch/nn/module.h>

#include "photo51/nn/layers/linear.hpp"
#include "photo51/radiogenomics/losses/survival.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

class CoxHead final : public Head {
 public:
  explicit CoxHead(int64_t width) {
    linear_ = register_module("linear", std::make_shared<nn::Linear>(width, 1));
  }
  at::Tensor forward(const at::Tensor& fused) override { return linear_->forward(fused); }
  void fit(const data::Targets& training) override { require_event(training); }
  at::Tensor predict(const at::Tensor& raw) override { return raw; }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    return cox_efron_loss(raw.squeeze(1), known.value, known.event);
  }

 private:
  std::shared_ptr<nn::Linear> linear_;
};

}  // namespace

std::shared_ptr<Head> make_cox_head(int64_t width) {
  return std::make_shared<CoxHead>(width);
}

}  // namespace photo51::radiogenomics
