#include <torch/nn/module.h>

#include "fusion/tokens.hpp"
#include "photo51/fusion/concat.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::fusion {
namespace {

using test::tokens;

TEST(Concat, PutsEmbeddingsSideBySideWithTheirPresence) {
  Concat concat({}, {{"mri", 2}, {"genes", 1}});
  EXPECT_EQ(concat.width(), 5);
  auto state = nn::state_of(concat);
  const at::NoGradGuard no_grad;
  state.at("absent.mri").fill_(9);
  state.at("absent.genes").fill_(-1);
  const Fused fused = concat.fuse({{"mri", tokens(at::tensor({1.F, 2.F, 0.F, 0.F}).view({2, 2}), {1, 0})},
                                   {"genes", tokens(at::tensor({3.F, 4.F}).view({2, 1}), {1, 1})}});
  EXPECT_TRUE(
      at::equal(fused.values, at::tensor({1.F, 2.F, 3.F, 1.F, 1.F, 9.F, 9.F, 4.F, 0.F, 1.F}).view({2, 5})));
  EXPECT_TRUE(fused.modality_weights.empty());
}

TEST(Concat, OptionsChangeWhatIsLearned) {
  Concat plain({.width = 0, .absent = AbsentInput::zero, .presence = false}, {{"mri", 2}});
  EXPECT_TRUE(nn::state_of(plain).empty());
  EXPECT_TRUE(at::equal(plain.fuse({{"mri", tokens(at::ones({1, 2}), {0})}}).values, at::zeros({1, 2})));
  Concat projected({.width = 3, .absent = AbsentInput::zero}, {{"mri", 2}, {"genes", 7}});
  EXPECT_EQ(projected.width(), 8);
  EXPECT_EQ(nn::state_of(projected).at("project.genes.weight").sizes(), (std::vector<int64_t>{3, 7}));
}

/// Several tokens count as their mean, which the fusion takes itself.
TEST(Concat, TakesTheMeanOfAnInputsTokens) {
  const at::NoGradGuard no_grad;
  Concat fusion({}, {{"mri", 2}});
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
