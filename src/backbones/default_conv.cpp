#include "backbones/default_conv.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/init.hpp"

namespace photo51::backbones {

std::shared_ptr<nn::Conv> make_default_conv(const nn::Conv::Shape& shape) {
  auto conv = std::make_shared<nn::Conv>(shape);
  if (nn::SkipInit::active()) return conv;
  const at::NoGradGuard no_grad;
  const int64_t inputs = conv->weight[0].numel();
  nn::fill_uniform_by_inputs(conv->weight, inputs);
  if (conv->bias.defined()) nn::fill_uniform_by_inputs(conv->bias, inputs);
  return conv;
}

}  // namespace photo51::backbones
