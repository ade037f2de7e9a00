#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/radiogenomics/losses/survival.hpp"
#include "support/errors.hpp"
#include "support/gradient.hpp"

namespace photo51::radiogenomics {
namespace {

at::Tensor doubles(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}
at::Tensor flags(const std::vector<int>& values) {
  return at::tensor(values).to(at::kBool);
}

struct Cohort {
  at::Tensor risk = doubles({0.3, -1.2, 2.0, 0.5, 0.0, -0.7, 1.1, 0.9});
  at::Tensor time = doubles({5, 3, 5, 8, 3, 3, 10, 5});
  at::Tensor event = flags({1, 1, 0, 1, 1, 0, 0, 1});
};

TEST(CoxEfron, AgreesWithLifelines) {
  const Cohort c;  // lifelines 0.30.3: log likelihood -12.13980705468703, its slope -5.60961126; five events
  at::Tensor beta = at::ones({}, at::kDouble).set_requires_grad(true);
  const at::Tensor loss = cox_efron_loss(c.risk * beta, c.time, c.event);
  EXPECT_NEAR(loss.item<double>(), 12.13980705468703 / 5, 1e-12);
  EXPECT_NEAR(torch::autograd::grad({loss}, {beta})[0].item<double>(), 5.60961126 / 5, 1e-8);
}

TEST(CoxEfron, IsTheHandComputedValueWithATie) {
  // Two tied events among three: R = {a, b, c}, D = {a, b}, all risks 0.
  // log 3 + log(3 - 1/2 * 2) = log 6, over two events.
  const at::Tensor loss = cox_efron_loss(doubles({0, 0, 0}), doubles({1, 1, 2}), flags({1, 1, 0}));
  EXPECT_NEAR(loss.item<double>(), std::log(6.0) / 2, 1e-14);
}

TEST(CoxEfron, GradientIsRight) {
  const Cohort c;
  test::expect_gradient([&](const at::Tensor& risk) { return cox_efron_loss(risk, c.time, c.event); },
                        c.risk);
}

TEST(CoxEfron, OrderDoesNotMatter) {
  const Cohort c;
  const at::Tensor order = at::tensor({5, 1, 7, 0, 3, 6, 2, 4});
  EXPECT_NEAR(cox_efron_loss(c.risk.index_select(0, order), c.time.index_select(0, order),
                             c.event.index_select(0, order))
                  .item<double>(),
              cox_efron_loss(c.risk, c.time, c.event).item<double>(), 1e-13);
}

TEST(CoxEfron, ExtremeRisksStayFinite) {
  // The earliest patient has a risk that would swallow everyone else's in a plain sum.
  at::Tensor risk = at::tensor({500.F, -300.F, -300.F, 0.F}).set_requires_grad(true);
  const at::Tensor loss = cox_efron_loss(risk, at::tensor({1.F, 2.F, 2.F, 0.5F}), flags({1, 1, 1, 0}));
  // At time 2 only the two tied ones are at risk: log 2 + log(2 - 1) over three events; at time 1, log 1.
  EXPECT_NEAR(loss.item<double>(), std::log(2.0) / 3, 1e-6);
  EXPECT_TRUE(torch::autograd::grad({loss}, {risk})[0].isfinite().all().item<bool>());
}

TEST(CoxEfron, NothingToLearnWithoutEvents) {
  EXPECT_FALSE(cox_efron_loss(doubles({1, 2}), doubles({1, 2}), flags({0, 0})).defined());
  EXPECT_EQ(cox_efron_loss(doubles({1}), doubles({1}), flags({1})).item<double>(), 0);
}

struct Discrete {
  at::Tensor logits =
      doubles({0.2, -0.5, 1.0, -1.0, 0.3, 0.1, 0.7, 0.0, -2.0, 1.5, -0.2, 0.4, 0.1, 0.2, 0.3}).view({5, 3});
  at::Tensor time = doubles({1, 2, 2, 7, 4});
  at::Tensor event = flags({1, 1, 0, 0, 1});
  at::Tensor edges = doubles({2, 5});
};

TEST(DiscreteNll, IsTheHandComputedValue) {
  // log h0, log h0 (on the bound), log 1-h0 (censored on the bound), log (1-h0)(1-h1), log (1-h0) h1.
  const Discrete d;
  EXPECT_NEAR(discrete_nll_loss(d.logits, d.time, d.event, d.edges).item<double>(), 1.331334856520956, 1e-12);
}

TEST(DiscreteNll, GradientIsRightAndExtremesStayFinite) {
  const Discrete d;
  test::expect_gradient(
      [&](const at::Tensor& logits) { return discrete_nll_loss(logits, d.time, d.event, d.edges); },
      d.logits);
  EXPECT_TRUE(discrete_nll_loss(d.logits * 1e4, d.time, d.event, d.edges).isfinite().item<bool>());
}

TEST(DiscreteRisk, IsMinusTheExpectedBinsSurvived) {
  const at::Tensor risk = discrete_risk(Discrete{}.logits);
  EXPECT_TRUE(at::allclose(risk, doubles({-0.80573612, -1.18994854, -0.64384796, -0.32298241, -0.77985949}),
                           1e-7, 1e-7));
  EXPECT_GT(discrete_risk(doubles({3, 0}).view({1, 2})).item<double>(),
            discrete_risk(doubles({-3, 0}).view({1, 2})).item<double>());
}

TEST(EventTimeEdges, AreQuantilesOfEventsOnly) {
  const at::Tensor edges =
      event_time_edges(doubles({10, 20, 30, 40, 50, 9999}), flags({1, 1, 1, 1, 1, 0}), 4);
  EXPECT_TRUE(at::equal(edges, at::tensor({20.F, 30.F, 40.F})));
  EXPECT_THAT(test::message_of(core::Fault::data,
                               [] {
                                 event_time_edges(doubles({1, 2}), flags({0, 0}), 4);
                               }),
              ::testing::HasSubstr("no event was observed"));
}

}  // namespace
}  // namespace photo51::radiogenomics
