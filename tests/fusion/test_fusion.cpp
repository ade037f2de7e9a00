#include <torch/nn/module.h>

#include "fusion/tokens.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/fusion/options.hpp"

namespace photo51::fusion {
namespace {

using test::tokens;
using Inputs = std::map<std::string, backbones::Tokens>;

TEST(MeanToken, AveragesRealTokensOnly) {
  const at::Tensor values = at::tensor({1.F, 2.F, 100.F, 5.F, 6.F, 7.F}).view({2, 3, 1});
  const at::Tensor mask = at::tensor({1, 1, 0, 0, 0, 0}).to(at::kBool).view({2, 3});
  const auto [mean, present] = mean_token({values, mask});
  EXPECT_TRUE(at::equal(mean, at::tensor({1.5F, 0.F}).view({2, 1})));
  EXPECT_TRUE(at::equal(present, at::tensor({1, 0}).to(at::kBool)));
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
