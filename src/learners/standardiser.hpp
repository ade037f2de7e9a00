#pragma once
/// Features on one scale.

#include <Eigen/Core>

#include "photo51/learners/state.hpp"

namespace photo51::learners {

/// Mean and deviation of each column over the rows that have it.
struct Standardiser {
  Eigen::RowVectorXd mean, deviation;

  static Standardiser of(const Eigen::MatrixXd& features);
  /// (x - mean) / deviation; 0 for NaN and for columns that do not vary.
  Eigen::MatrixXd apply(const Eigen::MatrixXd& features) const;
};

/// `mean` and `deviation`, [1, features].
State state_of(const Standardiser& standardiser);
Standardiser standardiser_from(const StateReader& state, int64_t features);

}  // namespace photo51::learners
