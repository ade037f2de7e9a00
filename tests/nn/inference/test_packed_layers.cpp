#include "photo51/nn/inference/packed_layers.hpp"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <thread>
#include <vector>

#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/instance_norm.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

/// With statistics as after training.
std::shared_ptr<BatchNorm> learned_norm(int64_t channels) {
  const at::NoGradGuard no_grad;
  auto norm = std::make_shared<BatchNorm>(channels);
  norm->weight.normal_();
  norm->bias.normal_();
  norm->running_mean.normal_();
  norm->running_var.uniform_(0.5, 2);
  norm->eval();
  return norm;
}

/// Of every sort that has a way of its own, and an image for each.
std::vector<std::pair<ConvShape, at::Tensor>> convolutions() {
  return {
      {{.dims = 1, .in = 4, .out = 6, .kernel = 3, .dilation = 2}, at::randn({2, 4, 11})},
      {{.dims = 2, .in = 4, .out = 6, .kernel = {1, 3}, .stride = 2, .groups = 2, .bias = true},
       at::randn({2, 4, 8, 9})},
      {{.dims = 2, .in = 4, .out = 4, .kernel = 3, .stride = 2, .same = true}, at::randn({2, 4, 8, 8})},
      {{.dims = 2, .in = 8, .out = 8, .kernel = 5, .groups = 8}, at::randn({2, 8, 7, 7})},
      {{.dims = 2, .in = 3, .out = 5, .kernel = 1, .stride = 2}, at::randn({1, 3, 6, 6})},
      {{.dims = 3, .in = 2, .out = 3, .kernel = 3, .bias = true}, at::randn({1, 2, 5, 6, 7})},
      {{.dims = 3, .in = 1, .out = 8, .kernel = 7, .stride = 2}, at::randn({1, 1, 16, 16, 16})},
      {{.dims = 3, .in = 4, .out = 6, .kernel = 2, .stride = 2, .transposed = true},
       at::randn({1, 4, 3, 3, 3})},
  };
}

std::string shown(const ConvShape& shape) {
  return std::to_string(shape.dims) + "D of " + std::to_string(shape.groups) + " group(s)";
}

TEST(PackedLayers, AgreeWithTheLayersOneByOne) {
  at::manual_seed(2);
  for (const auto& [shape, image] : convolutions()) {
    Conv conv(shape);
    const auto norm = learned_norm(shape.out);
    for (const bool relu : {false, true}) {
      const auto run = [&] {
        return relu ? conv_norm(conv, *norm, image, {.slope = 0}) : conv_norm(conv, *norm, image);
      };
      const c10::InferenceMode mode;
      const at::Tensor plain = run();
      for (const bool fold : {false, true})
        for (const bool pack : {false, true}) {
          PackedLayers packed({.fold = fold, .pack = pack});
          const PackedLayers::Use use(packed);
          for (int pass = 0; pass < 2; ++pass)
            EXPECT_LE(difference(run(), plain), 2e-6) << shown(shape) << " " << fold << pack << relu;
        }
      PackedLayers half({.type = at::kBFloat16});
      const PackedLayers::Use use(half);
      const Autocast autocast(at::kCPU, at::kBFloat16);
      const at::Tensor rounded = run();
      EXPECT_EQ(rounded.scalar_type(), at::kBFloat16);
      EXPECT_LE(difference(rounded.to(at::kFloat), plain), 2e-2) << shown(shape);
    }
  }
}

TEST(PackedLayers, FoldInFloat64ToItsRounding) {
  at::manual_seed(3);
  for (const auto& [shape, image] : convolutions()) {
    Conv conv(shape);
    const auto norm = learned_norm(shape.out);
    conv.to(at::kDouble);
    norm->to(at::kDouble);
    const c10::InferenceMode mode;
    const at::Tensor x = image.to(at::kDouble), plain = conv_norm(conv, *norm, x);
    PackedLayers packed;
    const PackedLayers::Use use(packed);
    EXPECT_LE(difference(conv_norm(conv, *norm, x), plain), 1e-13) << shown(shape);
  }
}

TEST(PackedLayers, AnotherNumberOfCasesIsPackedAnew) {
  at::manual_seed(4);
  Conv conv({.dims = 2, .in = 32, .out = 64, .kernel = 1});
  const auto norm = learned_norm(64);
  const c10::InferenceMode mode;
  PackedLayers packed;
  for (const int64_t cases : {1, 8, 3, 1, 0}) {
    const at::Tensor x = at::randn({cases, 32, 7, 7}), plain = conv_norm(conv, *norm, x);
    const PackedLayers::Use use(packed);
    const at::Tensor y = conv_norm(conv, *norm, x);
    EXPECT_EQ(y.sizes(), plain.sizes());
    EXPECT_TRUE(at::allclose(y, plain, 1e-5, 1e-5)) << cases;
  }
}

TEST(PackedLayers, LeaveTheLayersAsTheyAre) {
  at::manual_seed(5);
  Conv conv({.dims = 3, .in = 2, .out = 4});
  const auto norm = learned_norm(4);
  const Tensors before = state_of(conv);
  Tensors copy;
  for (const auto& [name, tensor] : before) copy[name] = tensor.clone();
  {
    const c10::InferenceMode mode;
    PackedLayers packed;
    const PackedLayers::Use use(packed);
    conv_norm(conv, *norm, at::randn({1, 2, 6, 6, 6}));
  }
  for (const auto& [name, tensor] : state_of(conv)) {
    EXPECT_TRUE(at::equal(tensor, copy.at(name))) << name;
    EXPECT_EQ(tensor.strides(), copy.at(name).strides()) << name;
  }
}

TEST(PackedLayers, AreNotUsedWhereEachLayerIsSeen) {
  at::manual_seed(6);
  class Pair : public torch::nn::Module {
   public:
    Pair() : norm(learned_norm(4)) {
      register_module("conv", conv);
      register_module("norm", norm);
      eval();
    }
    std::shared_ptr<Conv> conv = std::make_shared<Conv>(ConvShape{.dims = 2, .in = 3, .out = 4});
    std::shared_ptr<BatchNorm> norm;
  } pair;
  const at::Tensor x = at::randn({1, 3, 8, 8});
  PackedLayers packed;
  const PackedLayers::Use use(packed);
  EXPECT_EQ(PackedLayers::in_use(), nullptr);  // a graph of gradients is made
  conv_norm(*pair.conv, *pair.norm, x).sum().backward();
  EXPECT_TRUE(pair.conv->weight.grad().defined());

  const c10::InferenceMode mode;
  EXPECT_EQ(PackedLayers::in_use(), &packed);
  {
    const Capture capture(pair);
    EXPECT_EQ(PackedLayers::in_use(), nullptr);
    const at::Tensor y = conv_norm(*pair.conv, *pair.norm, x);
    EXPECT_TRUE(at::equal(capture.activations("norm")[0], y));
    EXPECT_TRUE(
        at::equal(capture.activations("conv")[0], pair.conv->geometry().convolve(x, pair.conv->weight, {})));
  }
  std::thread([] { EXPECT_EQ(PackedLayers::in_use(), nullptr); }).join();
  {
    PackedLayers inner;
    const PackedLayers::Use other(inner);
    EXPECT_EQ(PackedLayers::in_use(), &inner);
  }
  EXPECT_EQ(PackedLayers::in_use(), &packed);
}

TEST(PackedLayers, NormsOfABatchOrACaseAreNotFolded) {
  at::manual_seed(7);
  Conv conv({.dims = 2, .in = 3, .out = 4});
  const auto training = learned_norm(4);
  training->train();
  InstanceNorm instance(4);
  const at::Tensor x = at::randn({2, 3, 8, 8});
  const c10::InferenceMode mode;
  const at::Tensor of_batch = conv_norm(conv, *training, x),
                   of_case = conv_norm(conv, instance, x, {.slope = 0});
  PackedLayers packed;
  const PackedLayers::Use use(packed);
  EXPECT_LE(difference(conv_norm(conv, *training, x), of_batch), 1e-6);
  EXPECT_LE(difference(conv_norm(conv, instance, x, {.slope = 0}), of_case), 1e-6);
}

/// What two norms see is no pair of `conv_norm`, and each sees what the convolution made.
TEST(PackedLayers, AConvolutionThatTwoNormsSeeIsNotFolded) {
  at::manual_seed(8);
  Conv conv({.dims = 2, .in = 3, .out = 4});
  const auto first = learned_norm(4), second = learned_norm(4);
  const at::Tensor x = at::randn({2, 3, 8, 8});
  const auto run = [&] {
    const at::Tensor y = conv.forward(x);
    return first->forward(y) + second->forward(y);
  };
  const c10::InferenceMode mode;
  const at::Tensor plain = run();
  PackedLayers packed;
  const PackedLayers::Use use(packed);
  EXPECT_LE(difference(run(), plain), 1e-6);
}

TEST(PackedLayers, TakeAdaptersIn) {
  at::manual_seed(9);
  Conv conv({.dims = 2, .in = 3, .out = 4});
  Linear linear(8, 6);
  conv.set_adapter(std::make_shared<ConvLora>(conv, LoraOptions{.rank = 2}));
  linear.set_adapter(std::make_shared<LinearLora>(linear, LoraOptions{.rank = 2}));
  const at::NoGradGuard no_grad;
  for (const AdaptedLayer* layer : std::initializer_list<const AdaptedLayer*>{&conv, &linear})
    for (auto& parameter : layer->adapter()->parameters()) parameter.normal_();
  const auto norm = learned_norm(4);
  const at::Tensor x = at::randn({2, 3, 8, 8}), rows = at::randn({20, 8});
  const at::Tensor image = conv_norm(conv, *norm, x), product = linear.forward(rows);
  PackedLayers packed;
  const PackedLayers::Use use(packed);
  EXPECT_LE(difference(conv_norm(conv, *norm, x), image), 2e-6);
  EXPECT_LE(difference(linear.forward(rows), product), 2e-6);
}

/// Its change is none of the weight, so that nothing can be folded.
class Doubling final : public Adapter {
 public:
  explicit Doubling(const Conv& of) : of_(of) {}
  at::Tensor delta(const at::Tensor& input) override {
    return of_.geometry().convolve(input, of_.weight, of_.bias);
  }

 private:
  const Conv& of_;
};

TEST(PackedLayers, PassOverAdaptersThatChangeNoWeight) {
  at::manual_seed(10);
  Conv conv({.dims = 2, .in = 3, .out = 4});
  conv.set_adapter(std::make_shared<Doubling>(conv));
  const auto norm = learned_norm(4);
  const at::Tensor x = at::randn({1, 3, 5, 5});
  const c10::InferenceMode mode;
  const at::Tensor plain = conv_norm(conv, *norm, x);
  PackedLayers packed;
  const PackedLayers::Use use(packed);
  EXPECT_TRUE(at::equal(conv_norm(conv, *norm, x), plain));
}

TEST(PackedLayers, MatricesAreRoundedOnce) {
  at::manual_seed(11);
  const Linear linear(32, 24), no_bias(32, 24, /*with_bias=*/false);
  const c10::InferenceMode mode;
  for (const Linear* layer : {&linear, &no_bias})
    for (const at::IntArrayRef sizes : {at::IntArrayRef({2, 32}), at::IntArrayRef({3, 20, 32})}) {
      const at::Tensor x = at::randn(sizes), plain = layer->forward(x);
      PackedLayers half({.type = at::kBFloat16}), unpacked({.pack = false, .type = at::kBFloat16}), whole;
      for (PackedLayers* packed : {&half, &unpacked}) {
        const PackedLayers::Use use(*packed);
        const at::Tensor y = layer->forward(x);
        EXPECT_EQ(y.scalar_type(), at::kBFloat16);
        EXPECT_EQ(y.sizes(), plain.sizes());
        EXPECT_LE(difference(y.to(at::kFloat), plain), 2e-2);
      }
      const PackedLayers::Use use(whole);
      EXPECT_TRUE(at::equal(layer->forward(x), plain));
    }
}

}  // namespace
}  // namespace photo51::nn
