// The elastic net: its optimum, its losses, its inner folds.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "learners/elastic_net.hpp"
#include "learners/estimator_task.hpp"
#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/losses/survival.hpp"

namespace photo51::learners {
namespace {

struct Problem {
  Eigen::MatrixXd x;
  Target target;
};

Problem problem(const std::string& kind, Eigen::Index cases, Eigen::Index features, uint64_t seed = 1) {
  core::Random random({seed});
  Problem p{Eigen::MatrixXd(cases, features), {}};
  for (Eigen::Index i = 0; i < cases; ++i)
    for (Eigen::Index j = 0; j < features; ++j) p.x(i, j) = random.normal();
  p.target.task = &estimator_task(kind);
  p.target.classes = kind == "multiclass" ? 3 : 1;
  p.target.value.resize(cases);
  p.target.event.resize(cases);
  p.target.weight.resize(cases);
  for (Eigen::Index i = 0; i < cases; ++i) {
    const double signal = p.x(i, 0) - p.x(i, 1) + random.normal();
    p.target.weight[i] = kind == "survival" ? 1 : random.uniform(0.5, 1.5);
    p.target.event[i] = random.chance(0.6);
    if (kind == "binary") p.target.value[i] = signal > 0.5;
    if (kind == "multiclass") p.target.value[i] = (signal > -0.7) + (signal > 0.7);
    if (kind == "regression") p.target.value[i] = 3 * signal + 20;
    if (kind == "survival") p.target.value[i] = std::ceil(8 * std::exp(-signal / 2));  // many ties
  }
  p.target.weight *= static_cast<double>(cases) / p.target.weight.sum();
  return p;
}

class EveryTask : public testing::TestWithParam<std::string> {};

TEST_P(EveryTask, DerivativesAreThoseOfTheLoss) {
  const Problem p = problem(GetParam(), 30, 2);
  const auto owned = loss_of(p.target);
  const Loss& loss = *owned;
  Eigen::MatrixXd scores(30, loss.outputs());
  core::Random random({3});
  for (double& score : scores.reshaped()) score = random.normal();
  const double step = 1e-4;
  for (Eigen::Index k = 0; k < loss.outputs(); ++k) {
    const Curvature at = loss.curvature(scores, k);
    for (Eigen::Index i = 0; i < 30; ++i) {
      Eigen::MatrixXd up = scores, down = scores;
      up(i, k) += step;
      down(i, k) -= step;
      EXPECT_NEAR(at.gradient[i], (loss.mean(up) - loss.mean(down)) / (2 * step), 1e-7);
      const double bend = (loss.mean(up) - 2 * loss.mean(scores) + loss.mean(down)) / (step * step);
      EXPECT_NEAR(at.hessian[i], bend, 1e-5);
    }
  }
}

/// At the optimum the slope of the loss is what the penalty allows (Karush, Kuhn and Tucker).
TEST_P(EveryTask, EndsWhereTheSlopesBalance) {
  for (const double l1_ratio : {0.0, 0.5, 1.0})
    for (const Eigen::Index features : {5, 60}) {
      const Problem p = problem(GetParam(), 40, features);
      const double lambda = 0.05;
      const auto fit = fit_elastic_net(p.x, p.target, {.l1_ratio = l1_ratio, .lambda = lambda}, 1);
      const auto owned = loss_of(p.target);
      const Loss& loss = *owned;
      const Eigen::MatrixXd scores = fit.predict(p.x);
      for (Eigen::Index k = 0; k < loss.outputs(); ++k) {
        const Eigen::VectorXd gradient = loss.curvature(scores, k).gradient;
        const Eigen::VectorXd slope =
            p.x.transpose() * gradient + lambda * (1 - l1_ratio) * fit.weights.col(k);
        if (loss.has_intercept()) {
          EXPECT_NEAR(gradient.sum(), 0, 2e-4);
        }
        for (Eigen::Index j = 0; j < features; ++j) {
          const double weight = fit.weights(j, k);
          if (weight != 0) {
            EXPECT_NEAR(slope[j], -lambda * l1_ratio * (weight > 0 ? 1 : -1), 1e-3) << l1_ratio;
          } else {
            EXPECT_LE(std::abs(slope[j]), lambda * l1_ratio + 1e-3);
          }
        }
      }
      if (l1_ratio == 1 && features > 40) {
        EXPECT_LT((fit.weights.array() != 0).count(), features * loss.outputs());
      }
    }
}

TEST_P(EveryTask, ChoosesAPenaltyThatHelps) {
  const Problem p = problem(GetParam(), 60, 40), fresh = problem(GetParam(), 400, 40, 2);
  const auto chosen = fit_elastic_net(p.x, p.target, {.l1_ratio = 0.9}, 1);
  const auto hardly = fit_elastic_net(p.x, p.target, {.l1_ratio = 0.9, .lambda = 1e-3}, 1);
  EXPECT_LT(mean_loss(chosen.predict(fresh.x), fresh.target),
            mean_loss(hardly.predict(fresh.x), fresh.target));
  const auto plain = fit_elastic_net(p.x, p.target, {.l1_ratio = 0.9, .one_standard_error = true}, 1);
  EXPECT_GE(plain.lambda, chosen.lambda);
}

TEST_P(EveryTask, AlikeWeightsAreNotNegative) {
  const Problem p = problem(GetParam(), 60, 4);
  const auto fit = fit_elastic_net(p.x, p.target, {.l1_ratio = 0, .lambda = 0.01, .alike = true}, 1);
  EXPECT_GE(fit.weights.minCoeff(), 0);
  EXPECT_GT(fit.weights.maxCoeff(), 0);
}

/// A strong penalty leaves one weight for all, a weak one the weights of the loss alone.
TEST_P(EveryTask, AlikeWeightsAreDrawnToTheirMean) {
  if (GetParam() == "multiclass") return;  // its weights have both signs
  Problem p = problem(GetParam(), 80, 2);
  // The loss alone gives both a positive weight, risk being higher for the earlier event.
  p.x.col(1) *= -1;
  const auto fit = [&](double lambda) {
    return fit_elastic_net(p.x, p.target, {.l1_ratio = 0, .lambda = lambda, .alike = true}, 1).weights;
  };
  const Eigen::MatrixXd equal = fit(1e3), free = fit(1e-7);
  const Eigen::MatrixXd sums = p.x.rowwise().sum();
  const Eigen::MatrixXd alone = fit_elastic_net(sums, p.target, {.l1_ratio = 0, .lambda = 1e-7}, 1).weights;
  const Eigen::MatrixXd plain = fit_elastic_net(p.x, p.target, {.l1_ratio = 0, .lambda = 1e-7}, 1).weights;
  EXPECT_LT(equal.maxCoeff() - equal.minCoeff(), 1e-2);
  EXPECT_NEAR(equal.mean(), alone(0, 0), 2e-2 * std::max(1.0, std::abs(alone(0, 0))));
  EXPECT_LT((free - plain).cwiseAbs().maxCoeff(), 2e-2 * plain.cwiseAbs().maxCoeff());
}

INSTANTIATE_TEST_SUITE_P(ElasticNet, EveryTask,
                         testing::Values("binary", "multiclass", "regression", "survival"),
                         [](const auto& of) { return of.param; });

TEST(ElasticNet, LeastSquaresIsExactWithoutPenalty) {
  Problem p = problem("regression", 50, 3);
  p.target.weight.setOnes();
  const Eigen::Vector3d truth(2, -1, 0.5);
  p.target.value = (p.x * truth).array() + 7;
  const auto fit = fit_elastic_net(p.x, p.target, {.l1_ratio = 0.5, .lambda = 1e-9}, 1);
  EXPECT_TRUE(fit.weights.col(0).isApprox(truth, 1e-5));
  EXPECT_NEAR(fit.intercept[0], 7, 1e-5);
}

TEST(ElasticNet, CoxIsEfronsLikelihood) {
  const Problem p = problem("survival", 40, 2);
  Eigen::MatrixXd scores = p.x.col(0);
  const auto tensor = [](const Eigen::VectorXd& v) {
    return at::tensor(std::vector<double>(v.begin(), v.end()), at::kDouble);
  };
  const double events = p.target.event.sum();
  const double efron = radiogenomics::cox_efron_loss(tensor(scores.col(0)), tensor(p.target.value),
                                                     tensor(p.target.event).to(at::kBool))
                           .item<double>();
  EXPECT_NEAR(mean_loss(scores, p.target), efron * events / 40, 1e-12);
}

TEST(InnerFolds, SpreadClassesAndKeepGroupsTogether) {
  Target target;
  target.task = &estimator_task("binary");
  target.value = Eigen::VectorXd::Zero(40);
  target.weight = Eigen::VectorXd::Ones(40);
  for (Eigen::Index i = 0; i < 12; ++i) target.value[i] = 1;
  auto folds = inner_folds(target, 4, 1);
  for (int64_t fold = 0; fold < 4; ++fold) {
    int positives = 0, all = 0;
    for (size_t i = 0; i < 40; ++i)
      if (folds[i] == fold) ++all, positives += i < 12;
    EXPECT_EQ(positives, 3);
    EXPECT_EQ(all, 10);
  }
  EXPECT_NE(folds, inner_folds(target, 4, 2));
  for (int64_t i = 0; i < 40; ++i) target.group.push_back(i / 2);
  folds = inner_folds(target, 4, 1);
  for (size_t i = 0; i < 40; i += 2) EXPECT_EQ(folds[i], folds[i + 1]);
  // No more folds than the rarest class has groups.
  target.value.setZero();
  target.value.head(6).setOnes();
  folds = inner_folds(target, 5, 1);
  EXPECT_EQ(std::set<int64_t>(folds.begin(), folds.end()).size(), 3U);
}

}  // namespace
}  // namespace photo51::learners
