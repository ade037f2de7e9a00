/// That a difference is seen, whatever it is of.

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "backends/agree.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What `change` makes of a layer's output.
std::string problems_of(at::Tensor (*change)(const at::Tensor&)) {
  return agrees_everywhere(case_of(
                               "linear", "changed", {{3, 5}},
                               [] { return std::make_shared<nn::Linear>(5, 4); },
                               [change](nn::Linear& layer, const Tensors& inputs) {
                                 return Tensors{change(layer.forward(inputs[0]))};
                               }))
      .message();
}

TEST(Agree, WhatIsTheSameIsSo) {
  EXPECT_EQ(problems_of([](const at::Tensor& y) { return y.tanh(); }), "");
}

TEST(Agree, OutputsAreCompared) {
  EXPECT_THAT(problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kFloat ? 1.001 * y : y; }),
              AllOf(HasSubstr("linear changed"), HasSubstr("float32, evaluation: output 0 differs by"),
                    HasSubstr("float32, training: output 0"), HasSubstr("channels last, training"),
                    HasSubstr("inference, evaluation"), Not(HasSubstr("bfloat16"))));
  EXPECT_THAT(problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kBFloat16 ? 1.2 * y : y; }),
              AllOf(HasSubstr("bfloat16, training: "), HasSubstr("bfloat16 inference, evaluation: output 0"),
                    Not(HasSubstr("float32"))));
  EXPECT_THAT(problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kDouble ? y : y / 0; }),
              HasSubstr("output 0 is not finite"));
  EXPECT_THAT(problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kDouble ? y : y[0]; }),
              HasSubstr("output 0 is [4] instead of [3, 4]"));
}

TEST(Agree, GradientsAreCompared) {
  EXPECT_THAT(problems_of([](const at::Tensor& y) {
                return y.scalar_type() == at::kDouble ? y : 0.5 * y + 0.5 * y.detach();
              }),
              AllOf(HasSubstr("float32, training: gradient of "), HasSubstr("bfloat16, evaluation: gradient"),
                    Not(HasSubstr("inference"))));
  EXPECT_THAT(
      problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kDouble ? y : y.detach(); }),
      HasSubstr("gradient of bias is missing"));
  EXPECT_THAT(
      problems_of([](const at::Tensor& y) { return y.scalar_type() == at::kDouble ? y.detach() : y; }),
      HasSubstr("gradient of bias should have no gradient"));
}

/// The second device and GPUs refuse tensors of the CPU.
TEST(Agree, TensorsStandWhereTheyBelong) {
  EXPECT_THAT(problems_of([](const at::Tensor& y) { return y + at::ones({4}); }),
              AllOf(AnyOf(HasSubstr("second device, training"), HasSubstr("cuda:0 float32, training")),
                    Not(HasSubstr("\n  channels last, "))));
}

TEST(Agree, WhatIsLearnedOfABatchIsCompared) {
  const auto norm = case_of(
      "batch_norm", "changed", {{3, 4, 2, 2}}, [] { return std::make_shared<nn::BatchNorm>(4); },
      [](nn::BatchNorm& layer, const Tensors& inputs) {
        const at::Tensor y = layer.forward(inputs[0]);
        const at::NoGradGuard no_grad;
        if (layer.is_training() && y.scalar_type() == at::kFloat)
          layer.running_mean.variable_data().add_(0.01);
        return Tensors{y};
      });
  EXPECT_THAT(std::string(agrees_everywhere(norm).message()),
              AllOf(HasSubstr("float32, training: running_mean"), Not(HasSubstr("evaluation"))));
}

TEST(Agree, NamesWithoutACaseAreListed) {
  const auto one = case_of("linear", "", {{3, 5}}, [] { return std::make_shared<nn::Linear>(5, 4); });
  EXPECT_THAT(without_case({"linear", "conv"}, {one}), ::testing::ElementsAre("conv"));
}

}  // namespace
}  // namespace photo51::test
