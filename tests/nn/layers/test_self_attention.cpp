#include "photo51/nn/layers/self_attention.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

TEST(SelfAttention, IsTheFormulaAHead) {
  const at::NoGradGuard no_grad;
  SelfAttention attention(6, 2, 0);
  const auto state = state_of(attention);
  ASSERT_EQ(state.size(), 4U);
  const at::Tensor x = at::randn({1, 5, 6});
  const auto qkv = (at::matmul(x[0], state.at("in_proj_weight").t()) + state.at("in_proj_bias")).chunk(3, 1);
  std::vector<at::Tensor> heads;
  for (int64_t h = 0; h < 2; ++h) {
    const auto part = [&](const at::Tensor& all) { return all.slice(1, 3 * h, 3 * h + 3); };
    heads.push_back(
        at::matmul((at::matmul(part(qkv[0]), part(qkv[1]).t()) / std::sqrt(3.0)).softmax(1), part(qkv[2])));
  }
  const at::Tensor expected =
      at::matmul(at::cat(heads, 1), state.at("out_proj.weight").t()) + state.at("out_proj.bias");
  EXPECT_TRUE(at::allclose(attention.forward(x)[0], expected, 1e-4, 1e-5));
}

TEST(SelfAttention, TheHeadsMustDivideTheWidth) {
  EXPECT_THAT(test::message_of(core::Fault::usage, [] { SelfAttention(7, 2, 0); }),
              ::testing::HasSubstr("heads of an attention (2) must divide its width (7)"));
}

}  // namespace
}  // namespace photo51::nn
