// The kernels of window_attention for GPUs: what their threads compute, run here one after the other, and
// where a GPU answers the kernels themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "ops/cuda/block.hpp"
#include "ops/cuda/library.hpp"
#include "ops/cuda/window_attention.hpp"
#include "ops/window_case.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "support/errors.hpp"

namespace photo51::ops::cuda {
namespace {

using test::WindowCase;
using test::WindowTensors;
using ::testing::HasSubstr;

/// Gradients by the inputs that there are, and the output; as test::window_results has them.
std::vector<at::Tensor> windows_on(const at::Device& device, const WindowTensors& in, const WindowCase& of) {
  const auto there = [&](const at::Tensor& t) {
    return t.defined() ? MaybeTensor(t.detach().to(device)) : std::nullopt;
  };
  const auto [window, shift, pad_after_shift] = of.of;
  const at::Tensor qkv = *there(in.qkv), bias = *there(in.bias);
  const MaybeTensor padding = there(in.padding), scales = there(in.scales);
  const auto [out, logarithms] = window_attention(qkv, bias, padding, scales, window, shift, pad_after_shift);
  at::manual_seed(4);
  const at::Tensor slope = at::randn(out.sizes(), at::kDouble).to(out.scalar_type());
  const auto [by_qkv, by_bias, by_padding, by_scales] = window_attention_backward(
      slope.to(device), logarithms, qkv, bias, padding, scales, window, shift, pad_after_shift);
  EXPECT_EQ(by_padding.defined(), padding.has_value());
  EXPECT_EQ(by_scales.defined(), scales.has_value());
  std::vector<at::Tensor> all;
  for (const at::Tensor& t : {by_qkv, by_bias, by_padding, by_scales, out})
    if (t.defined()) all.push_back(t.cpu());
  return all;
}

/// Heads and windows of more than a block's room, of several tiles, and many windows.
std::vector<WindowCase> device_window_cases() {
  std::vector<WindowCase> cases = test::window_cases;
  cases.push_back({"wide heads", {1, 3, 4}, {{3, 3}, {1, 1}}, 1, 300});
  cases.push_back({"more places than fit at once", {1, 20, 20}, {{20, 20}, {0, 0}}, 1, 33});
  cases.push_back({"wide cosine", {1, 6, 6}, {{6, 6}, {0, 0}}, 1, 600, true});
  cases.push_back({"many windows", {2, 30, 30}, {{2, 2}, {1, 1}}, 8, 2});
  return cases;
}

void expect_windows_on(const at::Device& device) {
  for (const WindowCase& of : device_window_cases()) {
    const WindowTensors in = test::window_tensors_of(of);
    for (const auto& [type, most] :
         {std::pair{at::kDouble, 1e-12}, {at::kFloat, 2e-5}, {at::kBFloat16, 2e-2}}) {
      const WindowTensors given = in.to(type), rounded = given.to(at::kDouble);
      const auto wanted = test::window_results(rounded, test::attended_by_copies(rounded, of));
      const auto got = windows_on(device, given, of);
      ASSERT_EQ(got.size(), wanted.size());
      EXPECT_EQ(got.back().scalar_type(), type);
      for (size_t i = 0; i < wanted.size(); ++i)
        EXPECT_LE(test::window_distance(got[i], wanted[i]), most) << of.name << " " << i << " " << type;
    }
  }
}

TEST(CudaWindows, ThreadsComputeWhatTheCpuComputes) {
  expect_windows_on(at::kCPU);
}

/// No thread reads within a step what another writes.
TEST(CudaWindows, TheOrderOfThreadsDoesNotMatter) {
  for (const WindowCase& of : device_window_cases()) {
    const WindowTensors in = test::window_tensors_of(of).to(at::kFloat);
    const auto forwards = windows_on(at::kCPU, in, of);
    InTurn::backwards = true;
    const auto backwards = windows_on(at::kCPU, in, of);
    InTurn::backwards = false;
    for (size_t i = 0; i < forwards.size(); ++i)
      EXPECT_TRUE(at::equal(forwards[i], backwards[i])) << of.name << " " << i;
  }
}

TEST(CudaWindows, NothingInNothingOut) {
  const WindowCase of{"", {0, 4, 6}, {{2, 3}, {0, 0}}};
  const auto all = windows_on(at::kCPU, test::window_tensors_of(of), of);
  EXPECT_EQ(all.back().sizes(), (std::vector<int64_t>{0, 4, 6, 8}));
  EXPECT_EQ(all[1].abs().sum().item<double>(), 0);
}

/// A value that is no number spoils its window alone.
TEST(CudaWindows, KeepWhatIsNotANumber) {
  const WindowCase of{"", {1, 4, 6}, {{2, 3}, {0, 0}}};
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const WindowTensors in = test::window_tensors_of(of).to(type);
    in.qkv.detach()[0][0][0][0] = std::numeric_limits<double>::quiet_NaN();
    const at::Tensor out = windows_on(at::kCPU, in, of).back();
    EXPECT_TRUE(out[0][0][0][0].isnan().item<bool>());
    EXPECT_FALSE(out[0][2].isnan().any().item<bool>());
  }
}

TEST(CudaWindows, EveryMisuseIsNamed) {
  const WindowCase of{"", {1, 4, 6}, {{2, 3}, {0, 0}}};
  const auto failure = [](const WindowTensors& in, const WindowCase& wanted) {
    return test::message_of(core::Fault::usage, [&] { windows_on(at::kCPU, in, wanted); });
  };
  WindowTensors in = test::window_tensors_of(of);
  in.bias = in.bias.to(at::kMeta);
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [&] {
                                 window_attention(in.qkv, in.bias, {}, {}, {2, 3}, {0, 0}, false);
                               }),
              HasSubstr("the bias is on meta, the map on cpu"));
  const WindowCase large{"", {1, 1, 1}, {{1, 1}, {0, 0}}, 1, 13000};
  EXPECT_THAT(failure(test::window_tensors_of(large), large),
              HasSubstr("heads of 13000 channels do not fit"));
  // What fits one way need not fit the way back.
  const WindowCase wide{"", {1, 1, 1}, {{1, 1}, {0, 0}}, 1, 4500};
  EXPECT_THAT(failure(test::window_tensors_of(wide), wide), HasSubstr("heads of 4500 channels do not fit"));
}

TEST(CudaWindows, KernelsComputeWhatTheCpuComputes) {
  if (!core::gpu_present()) GTEST_SKIP() << "no GPU answers";
  try {
    core::load_cuda();
    library();
  } catch (const core::Error& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_TRUE(has_window_attention(at::ones({1, 2, 2, 3}, at::kCUDA)));
  expect_windows_on(at::kCUDA);
}

}  // namespace
}  // namespace photo51::ops::cuda
