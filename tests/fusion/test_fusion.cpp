#include <torch/nn/module.h>

#include "photo51/fusion/concat.hpp"
#include "photo51/fusion/gated.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::fusion {
namespace {

using backbones::Tokens;
using Inputs = std::map<std::string, Tokens>;

Tokens tokens(const at::Tensor& values, const std::vector<int>& present) {
  const at::Tensor mask = at::tensor(present).to(at::kBool).unsqueeze(1);
  return {values.unsqueeze(1), mask};
}

TEST(MeanToken, AveragesRealTokensOnly) {
  const at::Tensor values = at::tensor({1.F, 2.F, 100.F, 5.F, 6.F, 7.F}).view({2, 3, 1});
  const at::Tensor mask = at::tensor({1, 1, 0, 0, 0, 0}).to(at::kBool).view({2, 3});
  const auto [mean, present] = mean_token({values, mask});
  EXPECT_TRUE(at::equal(mean, at::tensor({1.5F, 0.F}).view({2, 1})));
  EXPECT_TRUE(at::equal(present, at::tensor({1, 0}).to(at::kBool)));
}

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
  Concat plain({.width = 0, .absent = "zero", .presence = false}, {{"mri", 2}});
  EXPECT_TRUE(nn::state_of(plain).empty());
  EXPECT_TRUE(at::equal(plain.fuse({{"mri", tokens(at::ones({1, 2}), {0})}}).values, at::zeros({1, 2})));
  Concat projected({.width = 3, .absent = "zero"}, {{"mri", 2}, {"genes", 7}});
  EXPECT_EQ(projected.width(), 8);
  EXPECT_EQ(nn::state_of(projected).at("project.genes.weight").sizes(), (std::vector<int64_t>{3, 7}));
}

TEST(Gated, SharesSumToOneOverWhoIsPresent) {
  at::manual_seed(1);
  Gated gated({.width = 4}, {{"ct", 3}, {"genes", 5}, {"mri", 2}});
  const Inputs inputs{{"ct", tokens(at::randn({3, 3}), {1, 0, 0})},
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

TEST(Fusions, AbsentInputsHaveNoInfluenceAndNoGradient) {
  for (const auto& name : {"concat", "gated"}) {
    at::manual_seed(3);
    const auto choice = std::string(name) == "concat" ? config::choose<ConcatOptions>("concat", {.width = 4})
                                                      : config::choose<GatedOptions>("gated", {.width = 4});
    auto module = (*fusions().find(name))(choice, {{"ct", 3}, {"mri", 2}});
    at::Tensor ct = at::randn({2, 3}).set_requires_grad(true), mri = at::randn({2, 2});
    const at::Tensor first = module->fuse({{"ct", tokens(ct, {0, 1})}, {"mri", tokens(mri, {1, 0})}}).values;
    first.square().sum().backward();
    EXPECT_EQ(ct.grad()[0].abs().sum().item<float>(), 0) << name;
    EXPECT_GT(ct.grad()[1].abs().sum().item<float>(), 0) << name;
    at::Tensor other = ct.detach().clone();
    other[0].fill_(1e6);
    const at::Tensor second =
        module->fuse({{"ct", tokens(other, {0, 1})}, {"mri", tokens(mri, {1, 0})}}).values;
    EXPECT_TRUE(at::allclose(first, second)) << name;
  }
}

TEST(Fusions, OrderOfCasesDoesNotMatter) {
  const at::Tensor order = at::tensor({2, 0, 1});
  for (const auto& name : {"concat", "gated"}) {
    auto module =
        (*fusions().find(name))(std::string(name) == "concat" ? config::choose<ConcatOptions>("concat")
                                                              : config::choose<GatedOptions>("gated"),
                                {{"ct", 3}, {"mri", 2}});
    module->eval();
    const Inputs inputs{{"ct", tokens(at::randn({3, 3}), {0, 1, 1})},
                        {"mri", tokens(at::randn({3, 2}), {1, 1, 0})}};
    Inputs permuted;
    for (const auto& [key, value] : inputs)
      permuted[key] = {value.values.index_select(0, order), value.mask.index_select(0, order)};
    EXPECT_TRUE(
        at::allclose(module->fuse(inputs).values.index_select(0, order), module->fuse(permuted).values));
  }
}

}  // namespace
}  // namespace photo51::fusion
