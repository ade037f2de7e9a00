// The kernels of ragged bags for GPUs: what their threads compute, run here one after the other, and where a
// GPU answers the kernels themselves.
#include <gtest/gtest.h>

#include "ops/bag_case.hpp"
#include "ops/cuda/library.hpp"
#include "ops/cuda/pool_bags.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops::cuda {
namespace {

using test::apart;
using test::TwoLeaves;

void expect_bags_on(const at::Device& device, at::ScalarType type, int64_t heads, int64_t width) {
  SCOPED_TRACE(c10::str(type, ", ", heads, " heads, width ", width));
  const double tolerance = type == at::kDouble ? 1e-12 : 2e-5;
  const at::Tensor offsets = test::bag_offsets(test::some_bags);
  const int64_t count = offsets[-1].item<int64_t>();
  const TwoLeaves values(at::randn({count, width}, at::kDouble), type);
  const TwoLeaves scores(at::randn({count, heads}, at::kDouble) * 10, test::wide_type(type));
  const auto expected = test::pooled_bag_by_bag(values.wide, scores.wide, offsets);
  const at::Tensor by_pooled = at::randn_like(expected[0]), by_attention = at::randn_like(expected[1]);
  ((expected[0] * by_pooled).sum() + (expected[1] * by_attention).sum()).backward();

  const auto there = [&](const at::Tensor& tensor) { return tensor.detach().to(device); };
  const auto wide = [&](const at::Tensor& tensor) { return tensor.to(device, test::wide_type(type)); };
  const auto [pooled, attention] = bag_attention(there(values.leaf), there(scores.leaf), offsets);
  EXPECT_LT(apart(pooled, expected[0]), tolerance);
  EXPECT_LT(apart(attention, expected[1]), tolerance);
  const auto [by_values, by_scores] = bag_attention_backward(wide(by_pooled), wide(by_attention),
                                                             there(values.leaf), attention, offsets, true);
  EXPECT_LT(apart(by_values, values.wide.grad()), type == at::kBFloat16 ? 4e-3 : tolerance);
  EXPECT_LT(apart(by_scores, scores.wide.grad(), 0.1), tolerance);
  const auto without =
      bag_attention_backward(wide(by_pooled), std::nullopt, there(values.leaf), attention, offsets, false);
  EXPECT_FALSE(std::get<0>(without).defined());
}

void expect_gates_on(const at::Device& device, at::ScalarType type, int64_t heads, int64_t width) {
  SCOPED_TRACE(c10::str(type, ", ", heads, " heads, width ", width));
  const double tolerance = type == at::kDouble ? 1e-12 : 2e-5;
  const TwoLeaves gates(at::randn({300, 2 * width}, at::kDouble), type);
  const TwoLeaves bias(at::randn({2 * width}, at::kDouble), test::wide_type(type));
  const TwoLeaves weight(at::randn({heads, width}, at::kDouble), test::wide_type(type));
  const at::Tensor expected = test::gated_by_steps(gates.wide, bias.wide, weight.wide);
  const at::Tensor by = at::randn_like(expected);
  (expected * by).sum().backward();

  const auto there = [&](const at::Tensor& tensor) { return tensor.detach().to(device); };
  const at::Tensor x = there(gates.leaf), b = there(bias.leaf), w = there(weight.leaf);
  EXPECT_LT(apart(cuda::gated_scores(x, b, w), expected), tolerance);
  const auto [by_gates, by_bias, by_weight] =
      cuda::gated_scores_backward(by.to(device, test::wide_type(type)), x, b, w);
  EXPECT_LT(apart(by_gates, gates.wide.grad()), type == at::kBFloat16 ? 4e-3 : tolerance);
  EXPECT_LT(apart(by_bias, bias.wide.grad()), tolerance);
  EXPECT_LT(apart(by_weight, weight.wide.grad()), tolerance);
}

void expect_all_on(const at::Device& device, const std::vector<int64_t>& widths) {
  at::manual_seed(4);
  for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble})
    for (const int64_t heads : {1, 4})
      for (const int64_t width : widths) {
        expect_bags_on(device, type, heads, width);
        expect_gates_on(device, type, heads, width);
      }
}

TEST(CudaBags, ThreadsComputeWhatTheCpuComputes) {
  expect_all_on(at::kCPU, {5, 70});
}

TEST(CudaBags, NothingIsNothing) {
  const at::Tensor values = at::zeros({0, 3}), scores = at::zeros({0, 2}), bias = at::zeros({6});
  const at::Tensor none = test::bag_offsets({}), empty = test::bag_offsets({0, 0});
  EXPECT_EQ(std::get<0>(bag_attention(values, scores, none)).sizes(), at::IntArrayRef({0, 2, 3}));
  EXPECT_TRUE(at::equal(std::get<0>(bag_attention(values, scores, empty)), at::zeros({2, 2, 3})));
  const at::Tensor by = at::zeros({2, 2, 3}), weight = at::zeros({1, 3}), gates = at::zeros({0, 6});
  EXPECT_EQ(std::get<1>(bag_attention_backward(by, {}, values, scores, empty, false)).numel(), 0);
  EXPECT_EQ(cuda::gated_scores(gates, bias, weight).numel(), 0);
  const auto grads = cuda::gated_scores_backward(at::zeros({0, 1}), gates, bias, weight);
  EXPECT_TRUE(at::equal(std::get<1>(grads), bias));
}

TEST(CudaBags, KernelsComputeWhatTheCpuComputes) {
  if (!core::gpu_present()) GTEST_SKIP() << "no GPU answers";
  try {
    core::load_cuda();
    library();
  } catch (const core::Error& error) {
    GTEST_SKIP() << error.what();
  }
  expect_all_on(at::kCUDA, {5, 70, 600});
}

}  // namespace
}  // namespace photo51::ops::cuda
