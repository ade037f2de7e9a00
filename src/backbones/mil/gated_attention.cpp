#include "backbones/mil/gated_attention.hpp"

#include <algorithm>
#include <array>

#include "photo51/nn/capture.hpp"
#include "photo51/ops/gated_scores.hpp"

namespace photo51::backbones {

std::shared_ptr<nn::Linear> sequential_linear(torch::nn::Module& parent, const std::string& name, int64_t in,
                                              int64_t out) {
  auto module = parent.register_module(name, std::make_shared<torch::nn::Module>());
  return module->register_module("0", std::make_shared<nn::Linear>(in, out));
}

GatedAttention::GatedAttention(torch::nn::Module& parent, const Shape& shape)
    : dropout_probability_(shape.dropout) {
  v_ = sequential_linear(parent, "attention_V", shape.width, shape.hidden);
  u_ = sequential_linear(parent, "attention_U", shape.width, shape.hidden);
  w_ = parent.register_module("attention_w", std::make_shared<nn::Linear>(shape.hidden, shape.branches));
  dropout_ = parent.register_module("attention_dropout", std::make_shared<nn::Dropout>(shape.dropout));
}

bool GatedAttention::is_plain() const {
  if (dropout_probability_ > 0 && dropout_->is_training()) return false;
  const std::array layers{v_, u_, w_};
  return std::all_of(layers.begin(), layers.end(),
                     [](const auto& layer) { return !layer->adapter() && !nn::is_captured(*layer); });
}

at::Tensor GatedAttention::scores(const at::Tensor& x) const {
  if (is_plain()) {
    const at::Tensor weight = at::cat({v_->weight, u_->weight});
    // The product's type, which autocast may choose, is that of no instance.
    const at::ScalarType type = at::linear(x.narrow(0, 0, 0), weight).scalar_type();
    const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
    if (ops::has_gated_scores(x.device(), type))
      return ops::gated_scores_of(x, weight, at::cat({v_->bias, u_->bias}).to(sums), w_->weight.to(sums),
                                  type) +
             w_->bias;
  }
  return w_->forward(dropout_->forward(v_->forward(x).tanh()) * dropout_->forward(u_->forward(x).sigmoid()));
}

}  // namespace photo51::backbones
