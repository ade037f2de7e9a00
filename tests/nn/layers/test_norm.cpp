#include "photo51/nn/layers/norm.hpp"

#include <torch/nn/module.h>

#include <optional>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/batch_norm.hpp"

namespace photo51::nn {
namespace {

struct NormPass {
  at::Tensor y, x, residual, weight, running_mean, running_var;
};

/// Forward and backward; captured, which takes the unfused route, or not.
NormPass norm_pass(const std::string& kind, const std::vector<int64_t>& sizes, double slope, bool training,
                   bool captured) {
  at::manual_seed(4);
  const auto norm = make_norm(kind, sizes[1]);
  norm->train(training);
  {
    const at::NoGradGuard no_grad;
    norm->weight.uniform_(0.5, 1.5);
    norm->bias.normal_();
  }
  NormPass pass;
  auto* batch = dynamic_cast<BatchNorm*>(norm.get());
  if (batch != nullptr) batch->running_mean.normal_();
  const auto format = sizes.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
  pass.x = at::randn(sizes).contiguous(format).requires_grad_();
  pass.residual = at::randn(sizes).contiguous(format).requires_grad_();
  std::optional<Capture> capture;
  if (captured) capture.emplace(*norm);
  pass.y = norm->forward(pass.x * 1, {.slope = slope, .residual = pass.residual});
  (pass.y * at::randn(sizes)).sum().backward();
  pass.weight = norm->weight.grad();
  if (batch != nullptr) {
    pass.running_mean = batch->running_mean;
    pass.running_var = batch->running_var;
  }
  return pass;
}

TEST(Norm, WithWhatFollowsIsTheSameInOnePassAndStepByStep) {
  for (const auto& component : norms().components())
    for (const auto& sizes :
         {std::vector<int64_t>{2, 16, 5, 6}, {2, 8, 3, 4, 5}, {1, 16, 1, 1}, {3, 16, 1, 1}})
      for (const double slope : {0.0, 0.1, 1.0})
        for (const bool training : {true, false}) {
          SCOPED_TRACE(c10::str(component.name, " ", sizes, " ", slope, " ", training));
          const NormPass fused = norm_pass(component.name, sizes, slope, training, false);
          const NormPass steps = norm_pass(component.name, sizes, slope, training, true);
          const auto agree = [](const at::Tensor& a, const at::Tensor& b) {
            return a.defined() == b.defined() && (!a.defined() || at::allclose(a, b, 1e-4, 2e-5));
          };
          EXPECT_TRUE(agree(fused.y, steps.y));
          EXPECT_TRUE(agree(fused.x.grad(), steps.x.grad()));
          EXPECT_TRUE(agree(fused.residual.grad(), steps.residual.grad()));
          EXPECT_TRUE(agree(fused.weight, steps.weight));
          EXPECT_TRUE(agree(fused.running_mean, steps.running_mean));
          EXPECT_TRUE(agree(fused.running_var, steps.running_var));
        }
}

/// Of what others may hold: an instance norm of a single place returns its input.
TEST(Norm, DoesNotChangeItsInput) {
  const auto norm = make_norm("instance", 3);
  const at::Tensor x = at::randn({2, 3, 1, 1}), was = x.clone();
  for (const double slope : {0.0, 0.1}) {
    EXPECT_TRUE(
        at::equal(norm->forward(x, {.slope = slope}), slope == 0 ? was.relu() : at::leaky_relu(was, slope)));
    EXPECT_TRUE(at::equal(norm->forward(x, {.slope = slope, .residual = x}),
                          slope == 0 ? (was * 2).relu() : at::leaky_relu(was * 2, slope)));
    EXPECT_TRUE(at::equal(x, was));
  }
}

TEST(Norm, OfTypesWithoutAKernelGoesStepByStep) {
  const at::NoGradGuard no_grad;
  const auto norm = make_norm("batch", 3);
  const at::Tensor x = at::randn({2, 3, 4, 4});
  const at::Tensor expected = norm->forward(x, {.slope = 0});
  norm->eval();
  norm->to(at::kBFloat16);  // parameters that the kernels do not take
  const at::Tensor y = norm->forward(x.to(at::kBFloat16), {.slope = 0});
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_EQ(y.sizes(), expected.sizes());
  // A residual of another type is added as it is.
  const auto wide = make_norm("instance", 3);
  EXPECT_TRUE(
      at::allclose(wide->forward(x, {.residual = x.to(at::kDouble)}), wide->forward(x) + x.to(at::kDouble)));
}

}  // namespace
}  // namespace photo51::nn
