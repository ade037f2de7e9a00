#include "photo51/nn/layers/perceptron.hpp"

#include <ATen/ops/gelu.h>
#include <ATen/ops/silu.h>
#include <torch/nn/module.h>

#include <array>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {

std::span<const std::string_view> enum_names(PerceptronKind) {
  static constexpr std::array<std::string_view, 2> names{"gelu", "swiglu"};
  return names;
}

std::shared_ptr<Linear> make_perceptron_layer(int64_t in, int64_t out) {
  auto layer = std::make_shared<Linear>(in, out);
  if (!SkipInit::active()) {
    const at::NoGradGuard no_grad;
    fill_xavier_uniform(layer->weight);
    layer->bias.normal_(0, 1e-6);
  }
  return layer;
}

Perceptron::Perceptron(const PerceptronOptions& options) : kind_(options.kind) {
  const int64_t made = kind_ == PerceptronKind::swiglu ? 2 * options.hidden : options.hidden;
  first_ = register_module(options.first, make_perceptron_layer(options.width, made));
  second_ = register_module(options.second, make_perceptron_layer(options.hidden, options.width));
  dropout_ = register_module("dropout", std::make_shared<Dropout>(options.dropout));
}

at::Tensor Perceptron::forward(const at::Tensor& x) {
  at::Tensor hidden = first_->forward(x);
  if (kind_ == PerceptronKind::swiglu) {
    const auto parts = hidden.chunk(2, -1);
    hidden = at::silu(parts[0]) * parts[1];
  } else {
    hidden = at::gelu(hidden);
  }
  const at::Tensor y = second_->forward(dropout_->forward(hidden));
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn
