#include "photo51/nn/capture.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cstdlib>
#include <new>
#include <optional>
#include <thread>

#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/layers/self_attention.hpp"
#include "support/errors.hpp"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

// Counted, so that the test sees what a pass without Capture costs.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Changes the first layer's output in place, as networks do.
struct Net : torch::nn::Module {
  Net() {
    auto block = register_module("block", std::make_shared<torch::nn::Module>());
    first = block->register_module("first", std::make_shared<Linear>(3, 4));
    second = register_module("second", std::make_shared<Linear>(4, 2));
  }
  at::Tensor forward(const at::Tensor& x) const { return second->forward(first->forward(x).relu_()); }
  std::shared_ptr<Linear> first, second;
};

TEST(Capture, ActivationsAndGradientsAreThoseByHand) {
  at::manual_seed(1);
  const Net net;
  const at::Tensor x = at::randn({5, 3});
  const Capture capture(net, {.filter = {}, .inputs = true});
  const at::Tensor loss = net.forward(x).square().sum();
  EXPECT_THAT(capture.paths(), ElementsAre("block.first", "second"));
  EXPECT_FALSE(capture.gradients("second")[0].defined());
  loss.backward();

  const at::NoGradGuard no_grad;
  const at::Tensor a = at::matmul(x, net.first->weight.t()) + net.first->bias, h = a.clamp_min(0);
  const at::Tensor y = at::matmul(h, net.second->weight.t()) + net.second->bias;
  ASSERT_LT(a.min().item<float>(), 0);  // the ReLU does something
  EXPECT_TRUE(at::allclose(capture.activations("block.first")[0], a, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(capture.activations("second")[0], y, 1e-5, 1e-6));
  EXPECT_TRUE(at::equal(capture.inputs("block.first")[0], x));
  EXPECT_TRUE(at::allclose(capture.inputs("second")[0], h, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(capture.gradients("second")[0], 2 * y, 1e-5, 1e-6));
  const at::Tensor back = at::matmul(2 * y, net.second->weight) * (a > 0);
  EXPECT_TRUE(at::allclose(capture.gradients("block.first")[0], back, 1e-5, 1e-6));
}

TEST(Capture, ChangesNeitherOutputNorGradient) {
  at::manual_seed(2);
  const Net net;
  const at::Tensor x = at::randn({5, 3});
  const at::Tensor plain = net.forward(x);
  plain.square().sum().backward();
  const at::Tensor gradient = net.first->weight.grad().clone();
  net.first->weight.mutable_grad().zero_();
  const Capture capture(net);
  const at::Tensor captured = net.forward(x);
  captured.square().sum().backward();
  EXPECT_TRUE(at::equal(plain, captured));
  EXPECT_TRUE(at::equal(net.first->weight.grad(), gradient));
}

TEST(Capture, CostsNothingWhenOff) {
  const Linear layer(3, 3);
  const at::Tensor x = at::randn({2, 3}), y = at::randn({2, 3});
  const auto count_of = [&] {
    const int64_t before = allocations;
    for (int i = 0; i < 100; ++i) report(layer, x, y);
    return allocations - before;
  };
  EXPECT_EQ(count_of(), 0);
  EXPECT_EQ(y.use_count(), 1U);
  const Capture capture(layer);
  EXPECT_GT(count_of(), 0);
  EXPECT_EQ(capture.activations("").size(), 100U);
}

TEST(Capture, NestedOnesEachRecordWhatTheyAskFor) {
  const at::NoGradGuard no_grad;
  const Net net, other;
  const at::Tensor x = at::randn({1, 3});
  const Capture outer(net);
  {
    const Capture inner(net, {.filter = [](const std::string& path) { return path == "second"; }});
    net.forward(x);
    other.forward(x);  // is no part of the network
    EXPECT_THAT(inner.paths(), ElementsAre("second"));
    EXPECT_EQ(inner.activations("second").size(), 1U);
  }
  net.forward(2 * x);
  const auto passes = outer.activations("second");
  ASSERT_EQ(passes.size(), 2U);
  EXPECT_TRUE(at::equal(passes[1], net.forward(2 * x)));
}

TEST(Capture, SeesItsOwnThreadOnly) {
  const Net net;
  const Capture capture(net);
  std::thread([&] { net.forward(at::randn({1, 3})); }).join();
  EXPECT_TRUE(capture.paths().empty());
  net.forward(at::randn({1, 3}));
  EXPECT_EQ(capture.paths().size(), 2U);
}

TEST(Capture, TheGraphMayOutliveIt) {
  const Net net;
  std::optional<Capture> capture;
  capture.emplace(net);
  const at::Tensor loss = net.forward(at::randn({2, 3})).sum();
  capture.reset();
  loss.backward();
  EXPECT_TRUE(net.first->weight.grad().defined());
}

TEST(Capture, TheLastBackwardPassIsTheOneThatCounts) {
  const Net net;
  const Capture capture(net);
  const at::Tensor out = net.forward(at::randn({2, 3}));
  out.sum().backward({}, /*retain_graph=*/true);
  EXPECT_TRUE(at::equal(capture.gradients("second")[0], at::ones({2, 2})));
  (3 * out.sum()).backward();
  EXPECT_TRUE(at::equal(capture.gradients("second")[0], at::full({2, 2}, 3)));
}

TEST(Capture, EveryLayerReports) {
  const at::NoGradGuard no_grad;
  const auto reports = [](auto& layer, const at::Tensor& x) {
    const Capture capture(layer);
    const at::Tensor y = layer.forward(x);
    return at::equal(capture.activations("").at(0), y);
  };
  const at::Tensor map = at::randn({2, 4, 6, 6}), tokens = at::randn({2, 5, 4});
  Conv conv({.dims = 2, .in = 4, .out = 3});
  EXPECT_TRUE(reports(conv, map));
  for (const auto& component : norms().components())
    EXPECT_TRUE(reports(*make_norm(component.name, 4), map)) << component.name;
  LayerNorm norm(4);
  EXPECT_TRUE(reports(norm, tokens));
  Dropout dropout(0.5);
  EXPECT_TRUE(reports(dropout, tokens));
  SelfAttention attention(4, 2, 0);
  EXPECT_TRUE(reports(attention, tokens));
}

TEST(Capture, EveryMisuseIsNamed) {
  const Net net;
  const Capture capture(net);
  net.forward(at::randn({1, 3}));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { capture.activations("secnd"); }),
              HasSubstr("nothing was captured of the module `secnd` (did you mean `second`?)"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { capture.gradients("block"); }),
              HasSubstr("nothing was captured of the module `block`"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { capture.inputs("second"); }), HasSubstr("set `inputs`"));
}

}  // namespace
}  // namespace photo51::nn
