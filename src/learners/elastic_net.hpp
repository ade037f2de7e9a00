#pragma once
/// The elastic net of every task along a path of penalties.

#include <vector>

#include "learners/target.hpp"
#include "photo51/learners/state.hpp"

namespace photo51::learners {

struct ElasticNetProblem {
  double l1_ratio = 0.5;
  double lambda = 0;  ///< 0 = chosen by cross-validation
  int64_t folds = 5;
  bool one_standard_error = false;
  /// In place of the net: weights that are not negative, and lambda / 2 times the sum of their squared
  /// differences from their mean.
  bool alike = false;
};

struct ElasticNetFit {
  Eigen::MatrixXd weights;       ///< [features, K]
  Eigen::RowVectorXd intercept;  ///< [K]; 0 of survival
  double lambda = 0;

  Eigen::MatrixXd predict(const Eigen::MatrixXd& features) const;
};

/// `weights` [features, outputs], `intercept` [1, outputs], `lambda` [].
State state_of(const ElasticNetFit& fit);
ElasticNetFit elastic_net_from(const StateReader& state, int64_t features, int64_t outputs);

/// `features` [cases, features] without NaN, on the scale that is penalised.
ElasticNetFit fit_elastic_net(const Eigen::MatrixXd& features, const Target& target,
                              const ElasticNetProblem& problem, uint64_t seed);

/// Mean negative log likelihood (regression: half the mean squared error) of `scores` [cases, K].
double mean_loss(const Eigen::MatrixXd& scores, const Target& target);

}  // namespace photo51::learners
