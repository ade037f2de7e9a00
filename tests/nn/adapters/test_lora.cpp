#include "photo51/nn/adapters/lora.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/layers/self_attention.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::HasSubstr;

/// Convolutions of every sort, and an image for each.
std::vector<std::pair<ConvShape, at::Tensor>> convolutions() {
  return {
      {{.dims = 1, .in = 4, .out = 6, .kernel = 3, .dilation = 2}, at::randn({2, 4, 11})},
      {{.dims = 2, .in = 4, .out = 6, .kernel = {1, 3}, .stride = 2, .groups = 2, .bias = true},
       at::randn({2, 4, 8, 9})},
      {{.dims = 2, .in = 4, .out = 4, .kernel = 3, .stride = 2, .same = true}, at::randn({2, 4, 8, 8})},
      {{.dims = 3, .in = 2, .out = 3, .kernel = 3}, at::randn({1, 2, 5, 6, 7})},
      {{.dims = 3, .in = 4, .out = 6, .kernel = 2, .stride = 2, .groups = 2, .transposed = true},
       at::randn({1, 4, 3, 3, 3})},
  };
}

void learn_something(AdaptedLayer& layer) {
  const at::NoGradGuard no_grad;
  for (auto& parameter : layer.adapter()->parameters()) parameter.normal_();
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

/// The adapter of zeros changes nothing to the bit; merged is as unmerged.
template <class Layer>
void expect_adapts(Layer& layer, const std::shared_ptr<Adapter>& adapter, const at::Tensor& x,
                   const std::string& what) {
  const at::NoGradGuard no_grad;
  const at::Tensor before = layer.forward(x);
  layer.set_adapter(adapter);
  EXPECT_TRUE(at::equal(layer.forward(x), before)) << what;
  learn_something(layer);
  const at::Tensor learned = layer.forward(x);
  EXPECT_GT(difference(learned, before), 1e-2) << what;
  layer.merge_adapter();
  EXPECT_EQ(layer.adapter(), nullptr);
  EXPECT_LT(difference(layer.forward(x), learned), 1e-6 * std::max(1.0, difference(learned, at::zeros({1}))))
      << what;
}

TEST(Lora, LinearLayersAdaptAndMerge) {
  Linear linear(5, 3);
  linear.to(at::kDouble);
  expect_adapts(linear, std::make_shared<LinearLora>(linear, LoraOptions{.rank = 2, .alpha = 4}),
                at::randn({4, 5}, at::kDouble), "linear");
  SelfAttention attention(6, 2, 0);
  attention.to(at::kDouble);
  expect_adapts(attention, std::make_shared<LinearLora>(attention), at::randn({2, 4, 6}, at::kDouble),
                "attention");
}

TEST(Lora, ConvolutionsAdaptAndMerge) {
  int number = 0;
  for (const auto& [shape, x] : convolutions()) {
    Conv conv(shape);
    conv.to(at::kDouble);
    expect_adapts(conv, std::make_shared<ConvLora>(conv, LoraOptions{.rank = 2, .alpha = 3}),
                  x.to(at::kDouble), "convolution " + std::to_string(number++));
  }
}

TEST(Lora, OnlyItsOwnMatricesLearnWhenTheBaseIsFrozen) {
  Linear linear(5, 3);
  linear.weight.requires_grad_(false);
  linear.bias.requires_grad_(false);
  linear.set_adapter(std::make_shared<LinearLora>(linear, LoraOptions{.rank = 2}));
  learn_something(linear);
  const at::Tensor before = linear.weight.clone();
  linear.forward(at::randn({4, 5})).square().sum().backward();
  EXPECT_FALSE(linear.weight.grad().defined());
  EXPECT_FALSE(linear.bias.grad().defined());
  for (const auto& entry : linear.named_parameters()) {
    if (!entry.key().starts_with("adapter.")) continue;
    ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
    EXPECT_GT(entry.value().grad().abs().sum().item<float>(), 0) << entry.key();
  }
  EXPECT_TRUE(at::equal(linear.weight, before));
}

TEST(Lora, StandsInTheStateOnlyWhileItIsThere) {
  Linear linear(5, 3);
  linear.set_adapter(std::make_shared<LinearLora>(linear, LoraOptions{.rank = 2}));
  auto state = state_of(linear);
  EXPECT_EQ(state.at("adapter.lora_A").sizes(), (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(state.at("adapter.lora_B").sizes(), (std::vector<int64_t>{3, 2}));
  linear.set_adapter(std::make_shared<LinearLora>(linear, LoraOptions{.rank = 1}));
  EXPECT_EQ(state_of(linear).at("adapter.lora_A").size(0), 1);
  linear.set_adapter(nullptr);
  EXPECT_EQ(state_of(linear).size(), 2U);
}

struct Doubling : Adapter {
  at::Tensor delta(const at::Tensor& input) override { return input; }
};

TEST(Adapters, AnyModuleMaySitInTheSlot) {
  const at::NoGradGuard no_grad;
  Linear linear(3, 3, false);
  linear.weight.copy_(at::eye(3));
  linear.set_adapter(std::make_shared<Doubling>());
  const at::Tensor x = at::randn({2, 3});
  EXPECT_TRUE(at::allclose(linear.forward(x), 2 * x));
}

TEST(Adapters, EveryMisuseIsNamed) {
  Linear linear(3, 3), wide(3, 8);
  Conv conv({.dims = 2});
  EXPECT_THAT(message_of(core::Fault::usage, [&] { linear.merge_adapter(); }),
              HasSubstr("no adapter to merge"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { linear.set_adapter(std::make_shared<LinearLora>(wide)); }),
              HasSubstr("a weight of shape [8, 3] does not fit a layer whose weight is [3, 3]"));
  linear.set_adapter(std::make_shared<Doubling>());
  EXPECT_THAT(message_of(core::Fault::usage, [&] { linear.merge_adapter(); }), HasSubstr("cannot be merged"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { LinearLora(linear, {.rank = 0}); }),
              HasSubstr("`rank` of at least 1, not 0"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { ConvLora(conv, {.rank = 0}); }), HasSubstr("`rank`"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { const LinearLora lora(conv); }),
              HasSubstr("use ConvLora"));
}

}  // namespace
}  // namespace photo51::nn
