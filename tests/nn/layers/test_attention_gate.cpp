#include "photo51/nn/layers/attention_gate.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

TEST(AttentionGate, ScalesEachPlaceOfTheSkip) {
  const at::NoGradGuard no_grad;
  AttentionGate layer({.dims = 2, .gate = 3, .skip = 4, .inner = 2});
  layer.eval();
  const auto state = state_of(layer);
  for (const char* name : {"W_g.0.conv.bias", "W_x.0.conv.bias", "psi.0.conv.bias"})
    state.at(name).uniform_(-1, 1);
  const at::Tensor gate = at::randn({2, 3, 4, 5}), skip = at::randn({2, 4, 4, 5});
  const Capture capture(layer);
  const at::Tensor y = layer.forward(gate, skip);

  // The norms' statistics begin as 0 and 1.
  const auto normed = [&](const at::Tensor& x, const std::string& name) {
    return at::conv2d(x, state.at(name + ".0.conv.weight"), state.at(name + ".0.conv.bias")) /
           std::sqrt(1 + 1e-5);
  };
  const at::Tensor attention =
      normed((normed(gate, "W_g") + normed(skip, "W_x")).clamp_min(0), "psi").sigmoid();
  ASSERT_EQ(attention.sizes(), (std::vector<int64_t>{2, 1, 4, 5}));
  EXPECT_TRUE(at::allclose(capture.activations("psi").at(0), attention, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(y, skip * attention, 1e-5, 1e-6));
  EXPECT_THAT(unseen_parameters(layer), ::testing::IsEmpty());
}

TEST(AttentionGate, BothAreOnOneGrid) {
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 AttentionGate({.gate = 2, .skip = 2, .inner = 1})
                                     .forward(at::ones({1, 2, 2, 2, 2}), at::ones({1, 2, 4, 4, 4}));
                               }),
              ::testing::HasSubstr("[2, 2, 2] for the gate and [4, 4, 4] for the skip; bring the gate"));
}

}  // namespace
}  // namespace photo51::nn
