#include "photo51/nn/layers/attention_gate.hpp"

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::nn {

AttentionGate::AttentionGate(const Shape& shape)
    : gate_(make_part("W_g", shape.dims, shape.gate, shape.inner)),
      skip_(make_part("W_x", shape.dims, shape.skip, shape.inner)),
      psi_(make_part("psi", shape.dims, shape.inner, 1)) {}

AttentionGate::Part AttentionGate::make_part(const char* name, int64_t dims, int64_t in, int64_t out) {
  Part part;
  part.module = register_module(name, std::make_shared<torch::nn::Module>());
  auto inner = part.module->register_module("0", std::make_shared<torch::nn::Module>());
  part.convolution = inner->register_module(
      "conv",
      std::make_shared<Conv>(Conv::Shape{.dims = dims, .in = in, .out = out, .kernel = 1, .bias = true}));
  part.norm = part.module->register_module("1", std::make_shared<BatchNorm>(out));
  return part;
}

at::Tensor AttentionGate::forward(const at::Tensor& gate, const at::Tensor& skip) const {
  if (gate.sizes().slice(2) != skip.sizes().slice(2))
    core::fail_usage("an attention gate needs both inputs on one grid and got " +
                     c10::str(gate.sizes().slice(2)) + " for the gate and " +
                     c10::str(skip.sizes().slice(2)) + " for the skip; bring the gate to its size first");
  const at::Tensor both = skip_.forward(skip, {.slope = 0, .residual = gate_.forward(gate, {})});
  const at::Tensor attention = psi_.forward(both, {}).sigmoid();
  report(*psi_.module, both, attention);
  const at::Tensor y = skip * attention;
  report(*this, skip, y);
  return y;
}

}  // namespace photo51::nn
