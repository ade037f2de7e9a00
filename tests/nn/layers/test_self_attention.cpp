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

/// Biases, norms and turns of queries and keys change what enters the formula.
TEST(SelfAttention, EachOptionChangesQueriesAndKeys) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::randn({2, 4, 8});
  for (const QkvBias bias : {QkvBias::all, QkvBias::query_value, QkvBias::none}) {
    SelfAttention attention({.width = 8, .heads = 2, .bias = bias, .qk_norm = bias == QkvBias::none});
    for (const auto& entry : attention.named_parameters()) entry.value().normal_();
    const Tensors state = state_of(attention);
    at::Tensor all = at::matmul(x, state.at("in_proj_weight").t());
    if (bias == QkvBias::all) all += state.at("in_proj_bias");
    if (bias == QkvBias::query_value)
      all += at::cat({state.at("q_bias"), at::zeros({8}), state.at("v_bias")});
    EXPECT_EQ(state.contains("in_proj_bias"), bias == QkvBias::all);
    const auto parts = all.view({2, 4, 3, 2, 4}).permute({2, 0, 3, 1, 4}).unbind(0);
    at::Tensor query = parts[0], key = parts[1];
    if (bias == QkvBias::none) {
      query = at::layer_norm(query, {4}, state.at("q_norm.weight"), state.at("q_norm.bias"), 1e-6);
      key = at::layer_norm(key, {4}, state.at("k_norm.weight"), state.at("k_norm.bias"), 1e-6);
    }
    const Rotation rotation = make_rotation({}, {1, 3}, 4, 1, x);
    query = rotation.apply(query);
    key = rotation.apply(key);
    const at::Tensor mixed = at::matmul((at::matmul(query, key.transpose(2, 3)) / 2).softmax(-1), parts[2]);
    const at::Tensor expected = at::linear(mixed.transpose(1, 2).reshape({2, 4, 8}),
                                           state.at("out_proj.weight"), state.at("out_proj.bias"));
    EXPECT_TRUE(at::allclose(attention.forward(x, &rotation), expected, 1e-4, 1e-5));
  }
}

TEST(SelfAttention, TheHeadsMustDivideTheWidth) {
  EXPECT_THAT(test::message_of(core::Fault::usage, [] { SelfAttention(7, 2, 0); }),
              ::testing::HasSubstr("heads of an attention (2) must divide its width (7)"));
}

}  // namespace
}  // namespace photo51::nn
