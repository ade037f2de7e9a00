#pragma once
/// Losses of the linear scores and what a Newton step needs of them.

#include "radiogenomics/learners/learner.hpp"

namespace photo51::radiogenomics {

/// Of the column `k` of the scores, a case: the loss's derivative, and a curvature that is positive.
struct Curvature {
  Eigen::VectorXd gradient, hessian;
};

class Loss {
 public:
  explicit Loss(const Target& target);
  /// Mean over the cases, by their weights.
  double mean(const Eigen::MatrixXd& scores) const;
  Curvature curvature(const Eigen::MatrixXd& scores, Eigen::Index k) const;
  Eigen::Index outputs() const {
    return target_.kind == data::LabelSpec::Kind::multiclass ? target_.classes : 1;
  }
  bool has_intercept() const { return target_.kind != data::LabelSpec::Kind::survival; }
  /// The intercepts of a model without features.
  Eigen::RowVectorXd null_intercept() const;

 private:
  double cox(const Eigen::VectorXd& risk, Curvature* into) const;

  const Target& target_;
  double total_;                     ///< of the weights
  std::vector<Eigen::Index> order_;  ///< survival: latest first
};

}  // namespace photo51::radiogenomics
