#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/nn/adapters/lora.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(GatedAbmil, IsTheGatedFormula) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const auto pool = bag_pool("gated_abmil", 3);
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

TEST(GatedAbmil, LargeScoresDoNotOverflow) {
  const at::NoGradGuard no_grad;
  const auto pool = bag_pool("gated_abmil", 2);
  auto weights = nn::state_of(*pool);
  weights.at("attention_w.weight").fill_(1e4);
  const auto found = pool->forward(at::randn({4, 2}) * 100, lengths({3, 1}), first_view(4));
  EXPECT_TRUE(found.values.isfinite().all().item<bool>());
  EXPECT_NEAR(found.attention.sum().item<double>(), 2, 1e-5);
}

/// Fused or, while a Capture records a layer, step by step.
TEST(GatedAbmil, LookedIntoItIsTheSame) {
  at::manual_seed(2);
  const auto pool = bag_pool("gated_abmil", 6);
  const at::Tensor values = at::randn({9, 6}), by = at::randn({3, 1, 6});
  const auto run = [&] {
    const at::Tensor x = values.detach().clone().set_requires_grad(true);
    pool->zero_grad();
    const auto found = pool->forward(x, lengths({2, 1, 6}), first_view(9));
    (found.values * by).sum().backward();
    std::vector<at::Tensor> all{found.values, found.attention, x.grad()};
    for (const auto& parameter : pool->parameters()) all.push_back(parameter.grad().clone());
    return all;
  };
  const auto fused = run();
  const nn::Capture capture(*pool);
  const auto seen = run();
  EXPECT_THAT(capture.paths(),
              ::testing::ElementsAre("attention_U.0", "attention_V.0", "attention_dropout", "attention_w"));
  ASSERT_EQ(fused.size(), seen.size());
  for (size_t i = 0; i < fused.size(); ++i) EXPECT_TRUE(at::allclose(fused[i], seen[i], 1e-4, 1e-6)) << i;
}

TEST(GatedAbmil, AdaptedItIsTheSameAsMerged) {
  const at::NoGradGuard no_grad;
  at::manual_seed(3);
  const auto pool = bag_pool("gated_abmil", 6);
  const at::Tensor values = at::randn({9, 6});
  const auto run = [&] { return pool->forward(values, lengths({2, 7}), first_view(9)).values; };
  const at::Tensor plain = run();
  for (const char* name : {"attention_V.0", "attention_U.0", "attention_w"}) {
    const auto layer = std::dynamic_pointer_cast<nn::Linear>(pool->named_modules()[name]);
    const auto lora = std::make_shared<nn::LinearLora>(*layer, nn::LoraOptions{.rank = 2});
    for (auto& parameter : lora->parameters()) parameter.normal_();
    layer->set_adapter(lora);
    const at::Tensor adapted = run();
    EXPECT_FALSE(at::allclose(adapted, plain, 1e-3, 1e-4)) << name;
    layer->merge_adapter();
    EXPECT_TRUE(at::allclose(run(), adapted, 1e-4, 1e-5)) << name;
    for (auto& parameter : layer->parameters()) parameter.mul_(0.5);
  }
}

/// Only the products with matrices are rounded.
TEST(GatedAbmil, InShortTypesScoresStayWide) {
  const at::NoGradGuard no_grad;
  at::manual_seed(4);
  const auto pool = bag_pool("gated_abmil", 6);
  const at::Tensor values = at::randn({9, 6});
  const at::Tensor wide = pool->forward(values, lengths({2, 7}), first_view(9)).values;
  const nn::Autocast autocast(at::kCPU, at::kBFloat16);
  const auto found = pool->forward(values, lengths({2, 7}), first_view(9));
  EXPECT_EQ(found.values.scalar_type(), at::kFloat);
  EXPECT_EQ(found.attention.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(found.values, wide, 1e-2, 1e-2));
}

}  // namespace
}  // namespace photo51::backbones
