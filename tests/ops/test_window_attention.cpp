#include "photo51/ops/window_attention.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <string>

#include "ops/window_case.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

using test::attended_by_copies;
using test::window_cases;
using test::window_distance;
using test::window_results;
using test::window_tensors_of;
using test::WindowCase;
using test::WindowTensors;

TEST(WindowAttentionOperator, IsWhatCopiesOfTheMapGive) {
  for (const WindowCase& of : window_cases) {
    const WindowTensors in = window_tensors_of(of);
    for (const auto& [type, most] :
         {std::pair{at::kDouble, 1e-12}, {at::kFloat, 2e-5}, {at::kBFloat16, 2e-2}, {at::kHalf, 4e-3}}) {
      const WindowTensors given = in.to(type), rounded = given.to(at::kDouble);
      const auto wanted = window_results(rounded, attended_by_copies(rounded, of));
      const at::Tensor out = given.attended(of.of);
      EXPECT_EQ(out.scalar_type(), type);
      const auto got = window_results(given, out);
      for (size_t i = 0; i < wanted.size(); ++i)
        EXPECT_LE(window_distance(got[i], wanted[i]), most) << of.name << " " << i << " " << type;
    }
  }
}

/// The gradient beside differences of the output.
TEST(WindowAttentionOperator, ItsGradientIsItsSlope) {
  for (const WindowCase& of : window_cases) {
    const WindowTensors in = window_tensors_of(of);
    at::Tensor out = in.attended(of.of);
    const at::Tensor slope = at::randn_like(out);
    const auto grads = torch::autograd::grad({out}, in.all(), {slope}, {}, false, true);
    const c10::NoGradGuard no_grad;
    const auto inputs = in.all();
    for (size_t i = 0; i < inputs.size(); ++i) {
      const at::Tensor values = inputs[i].view(-1), along = at::randn_like(values);
      constexpr double step = 1e-6;
      values.add_(along, step);
      const double above = (in.attended(of.of) * slope).sum().item<double>();
      values.add_(along, -2 * step);
      const double below = (in.attended(of.of) * slope).sum().item<double>();
      values.add_(along, step);
      const double got = (grads[i].flatten() * along).sum().item<double>();
      EXPECT_NEAR(got, (above - below) / (2 * step), 1e-6 * std::max(1.0, std::abs(got)))
          << of.name << " " << i;
    }
  }
}

TEST(WindowAttentionOperator, HasNoSecondDerivative) {
  const WindowCase of{"", {1, 2, 3}, {{2, 3}, {0, 0}}};
  const WindowTensors in = window_tensors_of(of);
  const at::Tensor out = in.attended(of.of);
  const auto grads =
      torch::autograd::grad({out.square().sum()}, {in.qkv}, {}, /*retain_graph=*/true, /*create_graph=*/true);
  EXPECT_THROW(grads[0].sum().backward(), c10::Error);
}

TEST(WindowAttentionOperator, SumsAreTheSameEachTime) {
  const WindowCase of{"", {3, 10, 14}, {{5, 7}, {2, 3}}};
  const WindowTensors in = window_tensors_of(of).to(at::kFloat);
  const auto first = window_results(in, in.attended(of.of)), second = window_results(in, in.attended(of.of));
  for (size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(at::equal(first[i], second[i])) << i;
}

TEST(WindowAttentionOperator, TakesMapsOfAnyLayout) {
  const WindowCase of{"", {2, 4, 6}, {{2, 3}, {1, 1}}};
  const WindowTensors in = window_tensors_of(of);
  WindowTensors other = in;
  other.qkv = in.qkv.detach().movedim(-1, 1).contiguous().movedim(1, -1).requires_grad_();
  const auto a = window_results(in, in.attended(of.of)), b = window_results(other, other.attended(of.of));
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i], b[i])) << i;
}

TEST(WindowAttentionOperator, NothingInNothingOut) {
  const WindowCase of{"", {0, 4, 6}, {{2, 3}, {0, 0}}};
  const WindowTensors in = window_tensors_of(of);
  const auto all = window_results(in, in.attended(of.of));
  EXPECT_EQ(all.back().sizes(), (std::vector<int64_t>{0, 4, 6, 8}));
  EXPECT_EQ(all[1].abs().sum().item<double>(), 0);
}

/// A value that is no number spoils its window alone.
TEST(WindowAttentionOperator, KeepsWhatIsNotANumber) {
  const WindowCase of{"", {1, 4, 6}, {{2, 3}, {0, 0}}};
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const WindowTensors in = window_tensors_of(of).to(type);
    const c10::NoGradGuard no_grad;
    in.qkv[0][0][0][0] = std::numeric_limits<double>::quiet_NaN();
    const at::Tensor out = in.attended(of.of);
    EXPECT_TRUE(out[0][0][0][0].isnan().item<bool>());
    EXPECT_FALSE(out[0][2].isnan().any().item<bool>());
  }
}

TEST(WindowAttentionOperator, EveryMisuseIsNamed) {
  const WindowCase of{"", {1, 4, 6}, {{2, 3}, {0, 0}}};
  const WindowTensors in = window_tensors_of(of);
  const auto failure = [&](const WindowTensors& given, const WindowAttention& options) {
    return test::message_of(core::Fault::usage, [&] { given.attended(options); });
  };
  EXPECT_THAT(failure(in, {{2}, {0}}), HasSubstr("a window and a shift"));
  EXPECT_THAT(failure(in, {{2, 3}, {0, 3}}), HasSubstr("shifts"));
  EXPECT_THAT(failure(in, {{2, 2}, {0, 0}}), HasSubstr("bias"));
  WindowTensors other = in;
  other.qkv = in.qkv.slice(-1, 0, 23);
  EXPECT_THAT(failure(other, of.of), HasSubstr("2 heads"));
  other = in;
  other.qkv = in.qkv.slice(1, 0, 3);
  other.padding = at::Tensor();
  EXPECT_THAT(failure(other, of.of), HasSubstr("padding"));
  other = in;
  other.padding = in.padding.slice(0, 0, 3);
  EXPECT_THAT(failure(other, of.of), HasSubstr("padding"));
  other = in;
  other.scales = at::ones({3}, at::kDouble);
  EXPECT_THAT(failure(other, of.of), HasSubstr("scales"));
  other = in;
  other.bias = in.bias.to(at::kFloat);
  EXPECT_THAT(failure(other, of.of), HasSubstr("float32"));
  other = in;
  other.qkv = at::ones({1, 4, 6, 24}, at::kLong);
  other.padding = at::Tensor();
  other.bias = in.bias.to(at::kFloat);
  EXPECT_THAT(failure(other, of.of), HasSubstr("bfloat16"));
}

}  // namespace
}  // namespace photo51::ops
