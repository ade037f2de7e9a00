#include "photo51/nn/layers/perceptron.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

TEST(Perceptron, IsTheFormulaOfItsKind) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, 3, 4});
  for (const PerceptronKind kind : {PerceptronKind::gelu, PerceptronKind::swiglu}) {
    Perceptron perceptron({.width = 4, .hidden = 5, .kind = kind, .first = "a", .second = "b"});
    const Tensors state = state_of(perceptron);
    ASSERT_EQ(state.size(), 4U);
    const at::Tensor made = at::linear(x, state.at("a.weight"), state.at("a.bias"));
    const bool gated = kind == PerceptronKind::swiglu;
    ASSERT_EQ(made.size(2), gated ? 10 : 5);
    const at::Tensor hidden =
        gated ? made.slice(2, 0, 5) * made.slice(2, 0, 5).sigmoid() * made.slice(2, 5) : at::gelu(made);
    const at::Tensor expected = at::linear(hidden, state.at("b.weight"), state.at("b.bias"));
    EXPECT_TRUE(at::allclose(perceptron.forward(x), expected, 1e-5, 1e-6));
  }
}

}  // namespace
}  // namespace photo51::nn
