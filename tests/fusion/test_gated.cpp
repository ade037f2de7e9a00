#include <torch/nn/module.h>

#include "fusion/tokens.hpp"
#include "photo51/fusion/gated.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::fusion {
namespace {

using test::tokens;
using GatedInputs = std::map<std::string, backbones::Tokens>;

TEST(Gated, SharesSumToOneOverWhoIsPresent) {
  at::manual_seed(1);
  Gated gated({.width = 4}, {{"ct", 3}, {"genes", 5}, {"mri", 2}});
  const GatedInputs inputs{{"ct", tokens(at::randn({3, 3}), {1, 0, 0})},
                           {"genes", tokens(at::randn({3, 5}), {1, 1, 0})},
                           {"mri", tokens(at::randn({3, 2}), {1, 0, 0})}};
  const Fused fused = gated.fuse(inputs);
  EXPECT_EQ(fused.values.sizes(), (std::vector<int64_t>{3, 4}));
  const at::Tensor sum =
      fused.modality_weights.at("ct") + fused.modality_weights.at("genes") + fused.modality_weights.at("mri");
  EXPECT_TRUE(at::allclose(sum, at::tensor({1.F, 1.F, 0.F})));
  EXPECT_EQ(fused.modality_weights.at("genes")[1].item<float>(), 1);
  EXPECT_EQ(fused.values[2].abs().sum().item<float>(), 0);
}

TEST(Gated, IsTheFormula) {
  at::manual_seed(2);
  Gated gated({.width = 2}, {{"a", 3}, {"b", 3}});
  auto s = nn::state_of(gated);
  const at::Tensor xa = at::randn({1, 3}), xb = at::randn({1, 3});
  const auto embed = [&](const at::Tensor& x, const std::string& name) {
    const at::Tensor n = (x - x.mean()) / (x.var(false) + 1e-5).sqrt();
    return (at::matmul(n, s.at("project." + name + ".weight").t()) + s.at("project." + name + ".bias"))
        .tanh();
  };
  const auto score = [&](const at::Tensor& h, const std::string& name) {
    return at::matmul(h, s.at("gate." + name + ".weight").t()) + s.at("gate." + name + ".bias");
  };
  const at::Tensor ha = embed(xa, "a"), hb = embed(xb, "b");
  const at::Tensor wa = score(ha, "a").exp(), wb = score(hb, "b").exp();
  const at::Tensor expected = (wa * ha + wb * hb) / (wa + wb);
  const Fused fused = gated.fuse({{"a", tokens(xa, {1})}, {"b", tokens(xb, {1})}});
  EXPECT_TRUE(at::allclose(fused.values, expected, 1e-4, 1e-5));
  EXPECT_TRUE(at::allclose(fused.modality_weights.at("a"), (wa / (wa + wb)).flatten(), 1e-4, 1e-5));
}

/// Several tokens count as their mean, which the fusion takes itself.
TEST(Gated, TakesTheMeanOfAnInputsTokens) {
  const at::NoGradGuard no_grad;
  Gated fusion({.width = 3}, {{"mri", 2}});
  const at::Tensor values = at::randn({3, 4, 2});
  at::Tensor mask = at::ones({3, 4}, at::kBool);
  mask[0].slice(0, 2).zero_();
  mask[2].zero_();
  const backbones::Tokens several{values, mask};
  const auto [mean, present] = mean_token(several);
  EXPECT_TRUE(at::allclose(mean[0], values[0].slice(0, 0, 2).mean(0)));
  EXPECT_TRUE(at::allclose(fusion.fuse({{"mri", several}}).values,
                           fusion.fuse({{"mri", tokens(mean, {1, 1, 0})}}).values));
}

}  // namespace
}  // namespace photo51::fusion
