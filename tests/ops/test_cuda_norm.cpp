// The kernels of norm_act for GPUs: what their threads compute, run here one after the other, and where a GPU
// answers the kernels themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <tuple>

#include "ops/cuda/block.hpp"
#include "ops/cuda/library.hpp"
#include "ops/cuda/norm_act.hpp"
#include "ops/norm_case.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "support/errors.hpp"

namespace photo51::ops::cuda {
namespace {

using test::mean_apart;
using test::norm_apart;
using test::NormCase;
using test::NormLeaves;
using ::testing::HasSubstr;

std::optional<at::Tensor> norm_input_on(const at::Device& device, const at::Tensor& t) {
  return t.defined() ? std::optional(t.detach().to(device)) : std::nullopt;
}

struct DeviceNorm {
  std::tuple<at::Tensor, at::Tensor, at::Tensor> made;              ///< y, mean, variance
  std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> back;  ///< of x, weight, bias, residual
};

DeviceNorm norm_on(const at::Device& device, const NormLeaves& in, const NormCase& of, const at::Tensor& g) {
  const auto there = [&](const at::Tensor& t) { return norm_input_on(device, t); };
  const at::Tensor x = *there(in.x);
  DeviceNorm all;
  all.made = norm_act(x, there(in.weight), there(in.bias), there(in.residual), there(in.mean),
                      there(in.variance), of.per_case, 1e-5, of.slope);
  const auto& [y, mean, variance] = all.made;
  const bool activated = of.slope != 1;
  all.back =
      norm_act_backward(g.to(device), x, activated ? std::optional(y) : std::nullopt, there(in.weight), mean,
                        variance, of.running, of.per_case, 1e-5, of.slope, of.residual && activated);
  return all;
}

void expect_norms_on(const at::Device& device) {
  at::manual_seed(6);
  for (const NormCase& of : test::norm_cases())
    for (const auto type : {at::kDouble, at::kFloat, at::kBFloat16}) {
      SCOPED_TRACE(c10::str(of.sizes, " ", of.layout, " per case ", of.per_case, " slope ", of.slope,
                            " residual ", of.residual, " running ", of.running, " ", type));
      const NormLeaves ours = test::as_type(test::norm_leaves(of, type), type, of.layout);
      const NormLeaves exact = test::as_type(ours, at::kDouble, at::MemoryFormat::Contiguous);
      const at::Tensor g = test::in_layout(at::randn(of.sizes).to(type), of.layout);
      const DeviceNorm found = norm_on(device, ours, of, g);
      const auto& [y, mean, variance] = found.made;
      const at::Tensor expected = test::normed_by_steps(exact, of);
      const double tolerance = type == at::kDouble ? 1e-11 : type == at::kFloat ? 2e-5 : 1e-2;
      EXPECT_EQ(y.scalar_type(), type);
      EXPECT_TRUE(y.is_contiguous(of.layout));
      EXPECT_LT(norm_apart(y.cpu(), expected), tolerance);
      if (!of.running) {
        at::Tensor sets = exact.x.detach().reshape({of.sizes[0], of.sizes[1], -1});
        sets = of.per_case ? sets.flatten(0, 1) : sets.transpose(0, 1).flatten(1);
        const double exactly = type == at::kDouble ? 1e-13 : 1e-6;
        EXPECT_LT(norm_apart(mean.cpu(), sets.mean(1)), exactly);
        EXPECT_LT(norm_apart(variance.cpu(), sets.var(1, /*unbiased=*/false)), exactly);
      }
      if (y.numel() == mean.numel()) continue;  // gradients are nothing but rounding
      expected.backward(g.to(at::kDouble));
      const auto& [gx, gweight, gbias, gresidual] = found.back;
      const auto gradient_apart = type == at::kBFloat16 ? mean_apart : norm_apart;
      const double most = type == at::kFloat ? 3e-4 : 6 * tolerance;
      EXPECT_LT(gradient_apart(gx.cpu(), exact.x.grad()), 3 * most);
      EXPECT_LT(gradient_apart(gweight.cpu(), exact.weight.grad()), most);
      EXPECT_LT(gradient_apart(gbias.cpu(), exact.bias.grad()), most);
      ASSERT_EQ(gresidual.defined(), of.residual && of.slope != 1);
      if (!gresidual.defined()) continue;
      EXPECT_LT(gradient_apart(gresidual.cpu(), exact.residual.grad()), most);
    }
}

/// A mean a thousand times the deviation takes nothing from the variance, nor does an outlier in the first
/// place.
void expect_large_means_on(const at::Device& device) {
  at::manual_seed(7);
  for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    at::Tensor x = test::in_layout(at::randn({2, 24, 60, 50}) + 1000, layout);
    x.flatten(2).select(2, 0).zero_();
    const at::Tensor wide = x.to(at::kDouble).contiguous();
    const auto [y, mean, variance] = norm_act(x.to(device), {}, {}, {}, {}, {}, false, 1e-5, 1);
    EXPECT_LT(norm_apart(variance.cpu(), wide.var({0, 2, 3}, false)), 1e-5);
    const at::Tensor clean = test::in_layout(at::randn({2, 24, 60, 50}) + 1000, layout);
    const at::Tensor expected =
        at::batch_norm(clean.to(at::kDouble).contiguous(), {}, {}, {}, {}, true, 0.1, 1e-5, false);
    const at::Tensor made = std::get<0>(norm_act(clean.to(device), {}, {}, {}, {}, {}, false, 1e-5, 1));
    EXPECT_LT((made.cpu() - expected).abs().max().item<double>(), 2e-4);
  }
}

TEST(CudaNorm, ThreadsComputeWhatTheCpuComputes) {
  expect_norms_on(at::kCPU);
  expect_large_means_on(at::kCPU);
}

/// No thread reads within a step what another writes.
TEST(CudaNorm, TheOrderOfThreadsDoesNotMatter) {
  at::manual_seed(8);
  for (const NormCase& of : test::norm_cases()) {
    const NormLeaves in = test::as_type(test::norm_leaves(of, at::kFloat), at::kFloat, of.layout);
    const at::Tensor g = test::in_layout(at::randn(of.sizes), of.layout);
    const DeviceNorm forwards = norm_on(at::kCPU, in, of, g);
    InTurn::backwards = true;
    const DeviceNorm backwards = norm_on(at::kCPU, in, of, g);
    InTurn::backwards = false;
    EXPECT_TRUE(at::equal(std::get<0>(forwards.made), std::get<0>(backwards.made)));
    EXPECT_TRUE(at::equal(std::get<2>(forwards.made), std::get<2>(backwards.made)));
    EXPECT_TRUE(at::equal(std::get<0>(forwards.back), std::get<0>(backwards.back)));
    EXPECT_TRUE(at::equal(std::get<1>(forwards.back), std::get<1>(backwards.back)));
  }
}

TEST(CudaNorm, PassesNaNOnAndMakesNoNegativeZeros) {
  at::Tensor x = at::randn({1, 2, 4, 4});
  const auto made = [](const at::Tensor& of) {
    return std::get<0>(norm_act(of, {}, {}, {}, {}, {}, false, 1e-5, 0));
  };
  EXPECT_FALSE(made(x).signbit().any().item<bool>());
  x[0][1][2][2] = std::numeric_limits<float>::quiet_NaN();
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor y = made(x.to(type));
    EXPECT_TRUE(y.select(1, 1).isnan().all().item<bool>());
    EXPECT_FALSE(y.select(1, 0).isnan().any().item<bool>());
  }
}

TEST(CudaNorm, NothingIsNothing) {
  const at::Tensor none = at::zeros({0, 6, 2, 2}), weight = at::ones({6});
  const auto [y, mean, variance] = norm_act(none, weight, {}, {}, {}, {}, false, 1e-5, 0);
  EXPECT_EQ(y.sizes(), none.sizes());
  EXPECT_TRUE(at::equal(mean, at::zeros({6})));
  const auto [gx, gweight, gbias, gresidual] =
      norm_act_backward(none, none, y, weight, mean, variance, false, false, 1e-5, 0, false);
  EXPECT_EQ(gx.sizes(), none.sizes());
  EXPECT_TRUE(at::equal(gweight, at::zeros({6})));
  EXPECT_TRUE(at::equal(gbias, at::zeros({6})));
}

/// A kernel would take the address of another device for one of its own.
TEST(CudaNorm, RefusesWhatLiesElsewhere) {
  const at::Tensor x = at::ones({2, 3, 4, 4}), elsewhere = at::ones({3}, at::kMeta);
  const auto says = [&](const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& residual,
                        const std::string& text) {
    EXPECT_THAT(test::message_of(core::Fault::usage,
                                 [&] { norm_act(x, weight, {}, residual, {}, {}, false, 1e-5, 1); }),
                HasSubstr(text));
  };
  says(elsewhere, {},
       "the weight of a normalisation is Float [3], contiguous, on cpu, not Float [3] on meta");
  says({}, at::ones({2, 3, 4, 4}, at::kMeta), "residual");
}

TEST(CudaNorm, KernelsComputeWhatTheCpuComputes) {
  if (!core::gpu_present()) GTEST_SKIP() << "no GPU answers";
  try {
    core::load_cuda();
    library();
  } catch (const core::Error& error) {
    GTEST_SKIP() << error.what();
  }
  const at::Tensor some = at::ones({1, 2, 32, 32}, at::kCUDA);
  EXPECT_TRUE(has_norm_act(some) && pays_norm_act(some));
  EXPECT_FALSE(has_norm_act(some.to(at::kHalf)));
  expect_norms_on(at::kCUDA);
  expect_large_means_on(at::kCUDA);
}

}  // namespace
}  // namespace photo51::ops::cuda
