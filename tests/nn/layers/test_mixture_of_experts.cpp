#include "photo51/nn/layers/mixture_of_experts.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/optim/sgd.h>

#include "photo51/nn/capture.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::nn {
namespace {

using ::testing::HasSubstr;

MixtureOptions mixture_of(int64_t experts, int64_t per_token) {
  return {.experts = experts, .per_token = per_token, .expert = {.width = 3, .hidden = 4}};
}

void set(const torch::nn::Module& module, const std::string& name, const at::Tensor& values) {
  const at::NoGradGuard no_grad;
  state_of(module).at(name).copy_(values);
}

at::Tensor expert(const MixtureOfExperts& mixture, const std::string& number, const at::Tensor& x) {
  const Tensors state = state_of(mixture);
  const std::string name = "experts." + number + ".";
  const at::Tensor hidden =
      at::gelu(at::linear(x, state.at(name + "fc1.weight"), state.at(name + "fc1.bias")));
  return at::linear(hidden, state.at(name + "fc2.weight"), state.at(name + "fc2.bias"));
}

/// The router is the identity, so that a token's features are what its gates are made of.
TEST(MixtureOfExperts, KnownGatesChooseTheExperts) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::tensor({3.F, 1.F, 0.F, 0.F, 1.F, 5.F, 0.F, 2.F, 1.F}).view({1, 3, 3});
  const at::Tensor gates = x.softmax(-1);
  MixtureOfExperts one(mixture_of(3, 1)), two(mixture_of(3, 2));
  for (MixtureOfExperts* mixture : {&one, &two}) set(*mixture, "router.weight", at::eye(3));

  const at::Tensor largest = one.forward(x).values;
  ASSERT_EQ(largest.sizes(), x.sizes());
  for (const auto& [token, chosen] : {std::pair<int64_t, int64_t>{0, 0}, {1, 2}, {2, 1}})
    EXPECT_TRUE(at::allclose(largest[0][token],
                             gates[0][token][chosen] * expert(one, std::to_string(chosen), x[0][token]), 1e-5,
                             1e-6))
        << token;

  const at::Tensor mixed = two.forward(x).values;
  const at::Tensor first = gates[0][0][0] / (gates[0][0][0] + gates[0][0][1]);
  EXPECT_TRUE(at::allclose(
      mixed[0][0], first * expert(two, "0", x[0][0]) + (1 - first) * expert(two, "1", x[0][0]), 1e-5, 1e-6));
}

TEST(MixtureOfExperts, AnExpertThatNoTokenChoseDoesNotRun) {
  MixtureOfExperts mixture(mixture_of(3, 1));
  set(mixture, "router.weight", at::eye(3));
  const Capture capture(mixture);
  mixture.forward(at::tensor({9.F, 0.F, 0.F, 0.F, 0.F, 9.F}).view({2, 3})).values.sum().backward();
  EXPECT_THAT(capture.paths(), ::testing::IsSupersetOf({"", "router", "experts.0", "experts.2"}));
  EXPECT_THAT(capture.paths(), ::testing::Not(::testing::Contains("experts.1")));
  EXPECT_EQ(capture.activations("experts.0").at(0).sizes(), (std::vector<int64_t>{1, 3}));
  EXPECT_TRUE(state_of(mixture).at("experts.0.fc1.weight").grad().defined());
  EXPECT_FALSE(state_of(mixture).at("experts.1.fc1.weight").grad().defined());
}

TEST(MixtureOfExperts, BalanceIsOneWhereAllIsEvenAndGrowsToTheNumberOfExperts) {
  const at::NoGradGuard no_grad;
  MixtureOfExperts mixture(mixture_of(3, 2));
  set(mixture, "router.weight", at::zeros({3, 3}));
  EXPECT_FLOAT_EQ(mixture.forward(at::randn({4, 5, 3})).balance.item<float>(), 1);
  MixtureOfExperts switched(mixture_of(3, 1));
  set(switched, "router.weight", 50 * at::eye(3));
  const at::Tensor first = at::tensor({1.F, 0.F, 0.F});
  EXPECT_FLOAT_EQ(switched.forward(first.expand({4, 3})).balance.item<float>(), 3);
  EXPECT_FLOAT_EQ(switched.forward(at::eye(3)).balance.item<float>(), 1);
}

TEST(MixtureOfExperts, GradientsAreThoseOfDifferences) {
  at::manual_seed(11);
  for (const int64_t per_token : {1, 2}) {
    MixtureOfExperts mixture(mixture_of(4, per_token));
    mixture.to(at::kDouble);
    const at::Tensor x = at::randn({5, 3}, at::kDouble), probe = at::randn({5, 3}, at::kDouble);
    const auto loss = [&](const at::Tensor& tokens) {
      const Mixture made = mixture.forward(tokens);
      return (made.values * probe).sum() + made.balance;
    };
    test::expect_gradient(loss, x);
    const at::Tensor router = state_of(mixture).at("router.weight");
    const at::Tensor before = router.detach().clone();
    loss(x).backward();
    const at::Tensor gradient = router.grad().clone();
    const at::NoGradGuard no_grad;
    for (int64_t i = 0; i < before.numel(); ++i) {
      at::Tensor step = at::zeros_like(before);
      step.view({-1})[i] = 1e-5;
      router.copy_(before + step);
      const double up = loss(x).item<double>();
      router.copy_(before - step);
      const double down = loss(x).item<double>();
      router.copy_(before);
      EXPECT_NEAR(gradient.view({-1})[i].item<double>(), (up - down) / 2e-5, 1e-6) << i;
    }
  }
}

TEST(MixtureOfExperts, TrainingEvensTheLoad) {
  at::manual_seed(12);
  MixtureOfExperts mixture(mixture_of(4, 1));
  const at::Tensor x = at::cat({at::randn({64, 2}), at::ones({64, 1})}, 1);
  at::Tensor lopsided = 0.3 * at::randn({4, 3});
  lopsided[2][2] = 3;
  set(mixture, "router.weight", lopsided);
  torch::optim::SGD optimizer(mixture.parameters(), 0.5);
  const double before = mixture.forward(x).balance.item<double>();
  for (int step = 0; step < 100; ++step) {
    optimizer.zero_grad();
    mixture.forward(x).balance.backward();
    optimizer.step();
  }
  EXPECT_GT(before, 2.5);
  EXPECT_LT(mixture.forward(x).balance.item<double>(), 1.3);
}

TEST(MixtureOfExperts, ATokenCannotUseMoreThanThereAre) {
  for (const int64_t per_token : {0, 4})
    EXPECT_THAT(test::message_of(core::Fault::usage, [&] { MixtureOfExperts{mixture_of(3, per_token)}; }),
                HasSubstr("a mixture of 3 experts cannot give each token " + std::to_string(per_token) +
                          "; `experts_per_token` must be between 1 and `experts`"));
}

}  // namespace
}  // namespace photo51::nn
