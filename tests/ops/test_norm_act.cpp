#include "photo51/ops/norm_act.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "ops/norm_case.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

using test::as_type;
using test::in_layout;
using test::mean_apart;
using test::norm_apart;
using test::norm_leaves;
using test::NormCase;
using test::normed_by_steps;
using test::NormLeaves;

Normed fused_norm(const NormLeaves& in, const NormCase& of) {
  return norm_act({in.x, in.weight, in.bias, in.residual, in.mean, in.variance},
                  {.per_case = of.per_case, .slope = of.slope});
}

TEST(NormAct, IsTheUnfusedResultWithItsGradients) {
  at::manual_seed(1);
  for (const NormCase& of : test::norm_cases())
    for (const auto type : {at::kDouble, at::kFloat, at::kBFloat16}) {
      SCOPED_TRACE(c10::str(of.sizes, " ", of.layout, " per case ", of.per_case, " slope ", of.slope,
                            " residual ", of.residual, " running ", of.running, " ", type));
      const NormLeaves leaves = norm_leaves(of, type);
      const NormLeaves ours = as_type(leaves, type, of.layout);
      const NormLeaves exact = as_type(leaves, at::kDouble, at::MemoryFormat::Contiguous);
      // The comparison has the parameters as they are rounded.
      for (const auto& [to, from] : {std::pair{exact.weight, ours.weight}, {exact.bias, ours.bias}}) {
        const at::NoGradGuard no_grad;
        at::Tensor(to).copy_(from);
      }
      const at::Tensor y = fused_norm(ours, of).y, expected = normed_by_steps(exact, of);
      const bool one_value = y.numel() == y.size(1) * (of.per_case ? y.size(0) : 1);
      const double tolerance = type == at::kDouble ? 1e-11 : type == at::kFloat ? 2e-5 : 1e-2;
      EXPECT_EQ(y.scalar_type(), type);
      EXPECT_TRUE(y.is_contiguous(of.layout));
      EXPECT_LT(norm_apart(y, expected), tolerance);
      if (one_value) continue;  // gradients are nothing but rounding
      const at::Tensor g = at::randn(of.sizes).to(type);
      y.backward(in_layout(g, of.layout));
      expected.backward(g.to(at::kDouble));
      const auto gradient_apart = type == at::kBFloat16 ? mean_apart : norm_apart;
      const double gradient_tolerance = type == at::kFloat ? 1e-4 : 2 * tolerance;
      EXPECT_LT(gradient_apart(ours.x.grad(), exact.x.grad()), 10 * gradient_tolerance);
      EXPECT_LT(gradient_apart(ours.weight.grad(), exact.weight.grad()), gradient_tolerance * 3);
      EXPECT_LT(gradient_apart(ours.bias.grad(), exact.bias.grad()), gradient_tolerance * 3);
      EXPECT_EQ(ours.weight.grad().scalar_type(), parameter_type(type));
      if (!of.residual) continue;
      EXPECT_LT(gradient_apart(ours.residual.grad(), exact.residual.grad()), gradient_tolerance * 3);
    }
}

/// Central differences of sum(g * f).
void expect_gradient(const std::function<at::Tensor()>& f, const at::Tensor& leaf, const at::Tensor& g) {
  const at::NoGradGuard no_grad;
  at::Tensor values = leaf.detach();
  const at::Tensor flat = values.view_as(values), found = leaf.grad();
  ASSERT_TRUE(found.defined());
  for (int64_t i = 0; i < values.numel(); ++i) {
    std::vector<at::indexing::TensorIndex> at_place;
    int64_t rest = i;
    std::vector<int64_t> index(static_cast<size_t>(values.dim()));
    for (int64_t axis = values.dim() - 1; axis >= 0; rest /= values.size(axis--))
      index[static_cast<size_t>(axis)] = rest % values.size(axis);
    for (const int64_t place : index) at_place.emplace_back(place);
    const at::Tensor one = values.index(at_place);
    const double was = one.item<double>(), step = 1e-6;
    values.index_put_(at_place, was + step);
    const double above = (f() * g).sum().item<double>();
    values.index_put_(at_place, was - step);
    const double below = (f() * g).sum().item<double>();
    values.index_put_(at_place, was);
    EXPECT_NEAR(found.index(at_place).item<double>(), (above - below) / (2 * step), 1e-6) << i;
  }
}

TEST(NormAct, GradientsAreFiniteDifferences) {
  at::manual_seed(2);
  for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
    for (const bool per_case : {false, true})
      for (const double slope : {0.0, 0.2, 1.0}) {
        const NormCase of{{2, 3, 2, 3}, layout, per_case, slope, true};
        const NormLeaves in = as_type(norm_leaves(of, at::kDouble), at::kDouble, layout);
        const at::Tensor g = at::randn(of.sizes, at::kDouble);
        const auto f = [&] { return fused_norm(in, of).y; };
        f().backward(g);
        for (const at::Tensor& leaf : {in.x, in.weight, in.bias, in.residual}) expect_gradient(f, leaf, g);
      }
}

/// A mean a thousand times the deviation takes nothing from the variance.
TEST(NormAct, LargeMeansDoNotCancel) {
  at::manual_seed(5);
  for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    at::Tensor x = in_layout(at::randn({2, 24, 60, 50}) + 1000, layout);
    x.flatten(2).select(2, 0).zero_();  // nor does an outlier in the first place
    const at::Tensor exact = x.to(at::kDouble).contiguous();
    const Normed made = norm_act({.x = x}, {});
    EXPECT_LT(norm_apart(made.variance, exact.var({0, 2, 3}, false)), 1e-5);
    const at::Tensor clean = in_layout(at::randn({2, 24, 60, 50}) + 1000, layout);
    const at::Tensor wide = clean.to(at::kDouble).contiguous();
    const at::Tensor expected = at::batch_norm(wide, {}, {}, {}, {}, true, 0.1, 1e-5, false);
    EXPECT_LT((norm_act({.x = clean}, {}).y - expected).abs().max().item<double>(), 2e-4);
  }
}

TEST(NormAct, DoesNotDependOnThreads) {
  const at::Tensor x = at::randn({2, 40, 33, 37}).contiguous(at::MemoryFormat::ChannelsLast);
  const int threads = at::get_num_threads();
  const at::Tensor many = norm_act({.x = x}, {.slope = 0}).y;
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(norm_act({.x = x}, {.slope = 0}).y, many));
  at::set_num_threads(threads);
}

TEST(NormAct, TakesViewsAndEmptyBatches) {
  const at::Tensor x = at::randn({4, 6, 8, 8}).slice(3, 0, 8, 2), weight = at::ones({6});
  EXPECT_LT(norm_apart(norm_act({.x = x}, {}).y, norm_act({.x = x.contiguous()}, {}).y), 1e-6);
  const at::Tensor none = at::zeros({0, 6, 2, 2}).requires_grad_();
  const at::Tensor y = norm_act({.x = none, .weight = weight}, {.slope = 0}).y;
  EXPECT_EQ(y.sizes(), none.sizes());
  y.sum().backward();
  EXPECT_EQ(none.grad().sizes(), none.sizes());
}

TEST(NormAct, PassesNaNOnAndMakesNoNegativeZeros) {
  at::Tensor x = at::randn({1, 2, 4, 4});
  EXPECT_FALSE(norm_act({.x = x}, {.slope = 0}).y.signbit().any().item<bool>());
  x[0][1][2][2] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor y = norm_act({.x = x}, {.slope = 0}).y;
  EXPECT_TRUE(y.select(1, 1).isnan().all().item<bool>());
  EXPECT_FALSE(y.select(1, 0).isnan().any().item<bool>());
  EXPECT_TRUE(norm_act({.x = x.to(at::kBFloat16)}, {.slope = 0}).y.select(1, 1).isnan().all().item<bool>());
}

TEST(NormAct, SaysWhatDoesNotFit) {
  const at::Tensor x = at::randn({2, 3, 4, 4}), three = at::ones({3}), four = at::ones({4});
  const auto says = [](const std::function<void()>& call, const std::string& text) {
    EXPECT_THAT(test::message_of(core::Fault::usage, call), HasSubstr(text));
  };
  says([&] { norm_act({.x = x.to(at::kHalf)}, {}); }, "step by step");
  says([&] { norm_act({.x = at::ones({3})}, {}); }, "[B, C, ...]");
  says([&] { norm_act({.x = x, .weight = four}, {}); }, "the weight");
  says([&] { norm_act({.x = x.to(at::kBFloat16), .bias = three.to(at::kBFloat16)}, {}); }, "the bias");
  says([&] { norm_act({.x = x, .mean = three}, {}); }, "together");
  says([&] { norm_act({.x = x, .residual = x.to(at::kDouble)}, {}); }, "residual");
  says([&] { norm_act({.x = x}, {.slope = -1}); }, "between 0 and 1");
  const at::Tensor leaf = x.clone().requires_grad_();
  says([&] { norm_act({.x = leaf}, {}).y.sum().backward({}, false, /*create_graph=*/true); },
       "second derivative");
}

}  // namespace
}  // namespace photo51::ops
