#include "photo51/nn/layers/scaled_dot_product.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <array>
#include <cmath>
#include <optional>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/self_attention.hpp"

namespace photo51::nn {
namespace {

double farthest(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

/// Queries, keys and values of 2 cases, 3 heads, 5 and 7 tokens.
std::array<at::Tensor, 3> heads_of_tokens(at::ScalarType type) {
  return {at::randn({2, 3, 5, 4}, type).requires_grad_(), at::randn({2, 3, 7, 4}, type).requires_grad_(),
          at::randn({2, 3, 7, 4}, type).requires_grad_()};
}

TEST(ScaledDotProduct, CapturedItIsTheSameButForRounding) {
  at::manual_seed(3);
  for (const auto& [type, tolerance] : {std::pair{at::kFloat, 1e-6}, std::pair{at::kDouble, 1e-12}}) {
    const ScaledDotProduct layer;
    const auto inputs = heads_of_tokens(type);
    const at::Tensor probe = at::randn({2, 3, 5, 4}, type);
    const auto run = [&] {
      for (const at::Tensor& input : inputs) input.mutable_grad().reset();
      const at::Tensor output = layer.forward(inputs[0], inputs[1], inputs[2]);
      (output * probe).sum().backward();
      return std::array{output.detach(), inputs[0].grad(), inputs[1].grad(), inputs[2].grad()};
    };
    const auto fused = run();
    const Capture capture(layer);
    const auto unfused = run();
    for (size_t i = 0; i < fused.size(); ++i) EXPECT_LE(farthest(fused[i], unfused[i]), tolerance) << i;
    ASSERT_EQ(capture.activations("").size(), 1U);
  }
}

TEST(ScaledDotProduct, AttentionIsReportedWithItsGradient) {
  at::manual_seed(4);
  const ScaledDotProduct layer;
  const auto [q, k, v] = heads_of_tokens(at::kFloat);
  const Capture capture(layer, {.filter = {}, .inputs = true});
  layer.forward(q, k, v).sum().backward();
  const at::NoGradGuard no_grad;
  const at::Tensor products = at::einsum("bhnd,bhmd->bhnm", {q, k}) / 2;  // the root of 4
  EXPECT_LE(farthest(capture.inputs("")[0], products), 1e-5);
  EXPECT_LE(farthest(capture.activations("")[0], products.softmax(-1)), 1e-6);
  // Each attention is multiplied with its value, and everything is added up.
  const at::Tensor gradient = v.sum(-1).unsqueeze(2).expand({2, 3, 5, 7});
  EXPECT_LE(farthest(capture.gradients("")[0], gradient), 1e-5);
}

/// Of a bias as of positions: the same for all cases.
TEST(ScaledDotProduct, BiasIsAddedToTheProducts) {
  at::manual_seed(6);
  const ScaledDotProduct layer;
  const auto [q, k, v] = heads_of_tokens(at::kDouble);
  const at::Tensor bias = at::randn({1, 3, 5, 7}, at::kDouble).requires_grad_();
  const at::Tensor probe = at::randn({2, 3, 5, 4}, at::kDouble);
  const at::Tensor fused = layer.forward(q, k, v, bias);
  (fused * probe).sum().backward();
  const at::Tensor of_bias = bias.grad().clone();
  bias.mutable_grad().reset();
  const Capture capture(layer, {.filter = {}, .inputs = true});
  const at::Tensor unfused = layer.forward(q, k, v, bias);
  (unfused * probe).sum().backward();
  EXPECT_LE(farthest(fused, unfused), 1e-12);
  EXPECT_LE(farthest(of_bias, bias.grad()), 1e-12);
  const at::Tensor products = at::einsum("bhnd,bhmd->bhnm", {q, k}) / 2 + bias;
  EXPECT_LE(farthest(capture.inputs("")[0], products), 1e-12);
  EXPECT_LE(farthest(fused, at::matmul(products.softmax(-1), v)), 1e-12);
}

/// What is filtered out stays fused: the attention of a whole slide would not fit into memory.
TEST(ScaledDotProduct, StaysFusedUnlessItIsRecorded) {
  const ScaledDotProduct layer;
  EXPECT_FALSE(is_captured(layer));
  {
    const Capture other(layer, {.filter = [](const std::string& path) { return path == "other"; }});
    EXPECT_FALSE(is_captured(layer));
    const Capture inner(layer);
    EXPECT_TRUE(is_captured(layer));
  }
  EXPECT_FALSE(is_captured(layer));
}

TEST(ScaledDotProduct, DropoutIsOfTheAttentionInTraining) {
  const at::NoGradGuard no_grad;
  ScaledDotProduct layer(0.5);
  const auto [q, k, v] = heads_of_tokens(at::kFloat);
  std::optional<Capture> capture;
  for (const bool captured : {false, true}) {
    if (captured) capture.emplace(layer);
    layer.train();
    const at::Tensor first = layer.forward(q, k, v);
    EXPECT_FALSE(at::equal(first, layer.forward(q, k, v))) << captured;
    layer.eval();
    EXPECT_TRUE(at::equal(layer.forward(q, k, v), layer.forward(q, k, v))) << captured;
  }
  for (const at::Tensor& attention : capture->activations(""))
    EXPECT_LE(farthest(attention.sum(-1), at::ones({2, 3, 5})), 1e-5);
}

/// A bias of all windows or of each, with a gradient or without, fused or not.
TEST(ScaledDotProduct, WindowsSeeThemselvesAlone) {
  at::manual_seed(6);
  const at::Tensor q = at::randn({2, 3, 2, 5, 4}, at::kDouble), k = at::randn({2, 3, 2, 7, 4}, at::kDouble),
                   v = at::randn({2, 3, 2, 7, 4}, at::kDouble);
  for (const std::optional<double> scale : {std::optional<double>(), std::optional<double>(1.5)})
    for (const auto& shape : {std::vector<int64_t>{}, {2, 5, 7}, {1, 2, 5, 7}, {3, 1, 5, 7}, {3, 2, 5, 7}}) {
      const ScaledDotProduct layer(0, scale);
      const at::Tensor bias = shape.empty() ? at::Tensor() : at::randn(shape, at::kDouble);
      for (const bool learned : {false, true}) {
        if (bias.defined()) bias.requires_grad_(learned);
        const at::Tensor fused = layer.forward(q, k, v, bias);
        ASSERT_EQ(fused.sizes(), q.sizes());
        at::Tensor products = at::einsum("bwhnd,bwhmd->bwhnm", {q, k}) * scale.value_or(0.5);
        if (bias.defined()) products = products + bias;
        const at::Tensor expected = at::einsum("bwhnm,bwhmd->bwhnd", {products.softmax(-1), v});
        EXPECT_LE(farthest(fused, expected), 1e-12);
        const Capture capture(layer);
        EXPECT_LE(farthest(layer.forward(q, k, v, bias), expected), 1e-12);
        EXPECT_LE(farthest(capture.activations("")[0], products.softmax(-1)), 1e-12);
      }
    }
}

/// The layers around it do not change what it reports.
TEST(ScaledDotProduct, SelfAttentionShowsItsParts) {
  const at::NoGradGuard no_grad;
  at::manual_seed(5);
  SelfAttention attention(6, 2, 0);
  const at::Tensor x = at::randn({2, 5, 6}), plain = attention.forward(x);
  const Capture capture(attention);
  EXPECT_LE(farthest(attention.forward(x), plain), 1e-6);
  EXPECT_THAT(capture.paths(), ::testing::ElementsAre("", "attention", "in_proj", "out_proj"));
  const auto qkv = capture.activations("in_proj")[0].view({2, 5, 3, 2, 3}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor expected = (at::matmul(qkv[0], qkv[1].transpose(2, 3)) / std::sqrt(3.0)).softmax(-1);
  ASSERT_EQ(capture.activations("attention")[0].sizes(), (std::vector<int64_t>{2, 2, 5, 5}));
  EXPECT_LE(farthest(capture.activations("attention")[0], expected), 1e-6);
}

}  // namespace
}  // namespace photo51::nn
