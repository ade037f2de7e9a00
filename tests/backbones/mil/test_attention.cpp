#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(AttentionPool, IsTheGatedFormula) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const auto pool = bag_pool("attention", 3);
  const auto weights = nn::state_of(*pool);
  const auto& v = weights.at("attention_V.0.weight");
  const auto& v_bias = weights.at("attention_V.0.bias");
  const auto& u = weights.at("attention_U.0.weight");
  const auto& u_bias = weights.at("attention_U.0.bias");
  const at::Tensor features = at::randn({5, 3});
  const auto found = pool->forward(features, lengths({2, 3}), first_view(5));
  for (int64_t bag = 0; bag < 2; ++bag) {
    const at::Tensor f = features.narrow(0, bag * 2, 2 + bag);
    const at::Tensor gated =
        at::tanh(at::matmul(f, v.t()) + v_bias) * at::sigmoid(at::matmul(f, u.t()) + u_bias);
    const at::Tensor score =
        at::matmul(gated, weights.at("attention_w.weight").t()) + weights.at("attention_w.bias");
    const at::Tensor share = at::softmax(score, 0);
    EXPECT_TRUE(at::allclose(found.values[bag][0], (share * f).sum(0), 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(found.attention.narrow(0, bag * 2, 2 + bag), share.squeeze(1), 1e-5, 1e-6));
  }
}

TEST(AttentionPool, LargeScoresDoNotOverflow) {
  const at::NoGradGuard no_grad;
  const auto pool = bag_pool("attention", 2);
  auto weights = nn::state_of(*pool);
  weights.at("attention_w.weight").fill_(1e4);
  const auto found = pool->forward(at::randn({4, 2}) * 100, lengths({3, 1}), first_view(4));
  EXPECT_TRUE(found.values.isfinite().all().item<bool>());
  EXPECT_NEAR(found.attention.sum().item<double>(), 2, 1e-5);
}

}  // namespace
}  // namespace photo51::backbones
