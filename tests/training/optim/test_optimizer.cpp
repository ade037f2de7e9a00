#include <gmock/gmock.h>
#include <torch/nn/module.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include "photo51/core/error.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"
#include "support/errors.hpp"

namespace photo51::training {
namespace {

/// A matrix and a vector with the gradient of |A b|^2.
struct Problem {
  at::Tensor a = at::arange(6, at::kFloat).view({2, 3}).div(5).set_requires_grad(true);
  at::Tensor b = at::tensor({1.0F, -2.0F, 0.5F}).set_requires_grad(true);
  std::vector<OptimizedParameter> named() const { return {{"a", a}, {"b", b}}; }
  void backward() const { at::mv(a, b).square().sum().backward(); }
};

TEST(Optimizer, AdamWIsThatOfLibTorch) {
  Problem ours, theirs;
  AdamWOptions options;
  options.lr = 0.05;
  options.weight_decay = 0.1;
  options.betas = {0.8, 0.95};
  const auto optimizer = make_optimizer(config::choose("adamw", options), ours.named());
  const auto group = [&](const at::Tensor& tensor, double decay) {
    return torch::optim::OptimizerParamGroup(
        {tensor}, std::make_unique<torch::optim::AdamWOptions>(
                      torch::optim::AdamWOptions(0.05).weight_decay(decay).betas({0.8, 0.95})));
  };
  torch::optim::AdamW reference({group(theirs.a, 0.1), group(theirs.b, 0)});
  for (int step = 0; step < 12; ++step) {
    ours.backward();
    theirs.backward();
    optimizer->step(0.05);
    reference.step();
    optimizer->zero_grad();
    reference.zero_grad();
  }
  EXPECT_TRUE(at::allclose(ours.a, theirs.a, 1e-5, 1e-6)) << ours.a << theirs.a;
  EXPECT_TRUE(at::allclose(ours.b, theirs.b, 1e-5, 1e-6));
}

TEST(Optimizer, SgdWithNesterovIsThatOfLibTorch) {
  Problem ours, theirs;
  SgdOptions options;
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  const auto optimizer = make_optimizer(config::choose("sgd", options), ours.named());
  const auto group = [&](const at::Tensor& tensor, double decay) {
    return torch::optim::OptimizerParamGroup(
        {tensor}, std::make_unique<torch::optim::SGDOptions>(
                      torch::optim::SGDOptions(0.02).momentum(0.9).nesterov(true).weight_decay(decay)));
  };
  torch::optim::SGD reference({group(theirs.a, 0.01), group(theirs.b, 0)}, torch::optim::SGDOptions(0.02));
  for (int step = 0; step < 12; ++step) {
    ours.backward();
    theirs.backward();
    optimizer->step(0.02);
    reference.step();
    optimizer->zero_grad();
    reference.zero_grad();
  }
  EXPECT_TRUE(at::allclose(ours.a, theirs.a, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(ours.b, theirs.b, 1e-5, 1e-6));
}

TEST(Optimizer, AParameterHasItsOwnScaleAndDecay) {
  const SgdOptions options{.lr = 0.1, .momentum = 0, .nesterov = false, .weight_decay = 0};
  const auto one = [] { return at::ones({2, 2}).set_requires_grad(true); };
  const at::Tensor plain = one(), slow = one(), decays = one();
  const at::Tensor vector = at::ones({2}).set_requires_grad(true);
  const auto optimizer = make_optimizer(
      config::choose("sgd", options),
      {{"plain", plain}, {"slow", slow, 0.25, {}}, {"decays", decays, 1, 0.5}, {"vector", vector, 1, 0.5}});
  (plain.sum() + slow.sum() + 0 * decays.sum() + 0 * vector.sum()).backward();
  optimizer->step(0.1);
  EXPECT_NEAR(plain[0][0].item<double>(), 0.9, 1e-6);
  EXPECT_NEAR(slow[0][0].item<double>(), 0.975, 1e-6);
  EXPECT_NEAR(decays[0][0].item<double>(), 0.95, 1e-6);
  EXPECT_EQ(vector[0].item<double>(), 1) << "vectors do not decay";
}

TEST(Optimizer, AWrongNameIsSaid) {
  PHOTO51_EXPECT_ERROR(make_optimizer(config::choose("adam", AdamWOptions{}), {}), usage,
                       ::testing::HasSubstr("there is no `adam` (did you mean `adamw`?)"));
}

TEST(Optimizer, LeavesWhatHasNoGradientAlone) {
  Problem problem;
  const auto optimizer = make_optimizer(config::choose("adamw", AdamWOptions{}), problem.named());
  problem.a.square().sum().backward();
  const at::Tensor before = problem.b.detach().clone();
  optimizer->step(0.1);
  EXPECT_TRUE(at::equal(problem.b.detach(), before));
  EXPECT_EQ(optimizer->state().count("b.step"), 0U);
  EXPECT_EQ(optimizer->state().count("a.step"), 1U);
}

TEST(Optimizer, GoesOnFromASavedState) {
  for (const auto& choice : {config::choose("adamw", AdamWOptions{}), config::choose("sgd", SgdOptions{})}) {
    Problem whole, first;
    const auto uninterrupted = make_optimizer(choice, whole.named());
    const auto before = make_optimizer(choice, first.named());
    const auto step = [](const Problem& problem, Optimizer& optimizer) {
      problem.backward();
      optimizer.step(0.01);
      optimizer.zero_grad();
    };
    for (int i = 0; i < 6; ++i) step(whole, *uninterrupted);
    for (int i = 0; i < 3; ++i) step(first, *before);
    Problem second;
    {
      const at::NoGradGuard no_grad;
      second.a.copy_(first.a);
      second.b.copy_(first.b);
    }
    const auto after = make_optimizer(choice, second.named());
    after->load(before->state());
    for (int i = 0; i < 3; ++i) step(second, *after);
    EXPECT_TRUE(at::equal(second.a, whole.a)) << choice.name;
    EXPECT_TRUE(at::equal(second.b, whole.b)) << choice.name;
  }
}

/// What a file holds is contiguous, and fused updates go by memory.
TEST(Optimizer, ASavedStateTakesTheLayoutOfItsParameter) {
  for (const auto& choice : {config::choose("adamw", AdamWOptions{}), config::choose("sgd", SgdOptions{})}) {
    const at::Tensor factor = at::linspace(-3, 5, 48).view({2, 3, 4, 2});
    at::Tensor plain = at::linspace(1, -2, 48).view({2, 3, 4, 2}).clone().set_requires_grad(true);
    const auto step = [&](const at::Tensor& parameter, Optimizer& optimizer) {
      (parameter * parameter * factor).sum().backward();
      optimizer.step(0.01);
      optimizer.zero_grad();
    };
    const auto whole = make_optimizer(choice, {{"a", plain}});
    for (int i = 0; i < 3; ++i) step(plain, *whole);
    std::map<std::string, at::Tensor> saved;
    for (const auto& [name, tensor] : whole->state()) saved[name] = tensor.clone();
    at::Tensor last = plain.detach().clone(at::MemoryFormat::ChannelsLast).set_requires_grad(true);
    const auto resumed = make_optimizer(choice, {{"a", last}});
    resumed->load(saved);
    for (int i = 0; i < 3; ++i) step(plain, *whole), step(last, *resumed);
    EXPECT_TRUE(last.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::allclose(last, plain, 1e-6, 1e-7)) << choice.name;
  }
}

TEST(Optimizer, AGradientMayLieOtherwiseThanItsParameter) {
  const auto values = [](double from, double to) { return at::linspace(from, to, 48).view({2, 3, 4, 2}); };
  for (const auto& choice : {config::choose("adamw", AdamWOptions{}), config::choose("sgd", SgdOptions{})}) {
    std::vector<at::Tensor> results;
    for (const auto of_parameter : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
      for (const auto of_gradient : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        at::Tensor parameter = values(1, -2).clone(of_parameter).set_requires_grad(true);
        const auto optimizer = make_optimizer(choice, {{"a", parameter}});
        for (const double scale : {1.0, -0.5}) {
          parameter.mutable_grad() = values(-3, 5 * scale).clone(of_gradient);
          optimizer->step(0.01);
        }
        results.push_back(parameter.detach());
      }
    for (const auto& result : results)
      EXPECT_TRUE(at::allclose(result, results[0], 1e-6, 1e-7)) << choice.name;
  }
}

TEST(Optimizer, RefusesTheStateOfAnother) {
  Problem problem;
  const auto optimizer = make_optimizer(config::choose("sgd", SgdOptions{}), problem.named());
  const auto message = [&](const std::map<std::string, at::Tensor>& state) {
    try {
      optimizer->load(state);
    } catch (const core::Error& error) {
      EXPECT_EQ(error.fault(), core::Fault::data);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message({{"a.momentum", at::zeros({5})}}), ::testing::HasSubstr("another shape"));
  EXPECT_THAT(message({{"c.momentum", at::zeros({5})}}), ::testing::HasSubstr("another model"));
  const auto adam = make_optimizer(config::choose("adamw", AdamWOptions{}), problem.named());
  PHOTO51_EXPECT_ERROR(adam->load({{"a.exp_avg", at::zeros({2, 3})}}), data,
                       ::testing::HasSubstr("optimiser state of `a` is incomplete"));
}

}  // namespace
}  // namespace photo51::training
