#pragma once
/// Losses of the linear scores and what a Newton step needs of them.

#include <memory>

#include "learners/target.hpp"

namespace photo51::learners {

/// Of the column `k` of the scores, a case: the loss's derivative, and a curvature that is positive.
struct Curvature {
  Eigen::VectorXd gradient, hessian;
};
/// Keeps a Newton step finite where a probability is all but 0 or 1.
constexpr double least_curvature = 1e-5;

/// Of one target, which has to outlive it.
class Loss {
 public:
  explicit Loss(const Target& target) : target_(target), total_(target.weight.sum()) {}
  virtual ~Loss() = default;
  Loss(const Loss&) = delete;
  Loss& operator=(const Loss&) = delete;
  /// Mean over the cases, by their weights.
  virtual double mean(const Eigen::MatrixXd& scores) const = 0;
  virtual Curvature curvature(const Eigen::MatrixXd& scores, Eigen::Index k) const = 0;
  /// The intercepts of a model without features.
  virtual Eigen::RowVectorXd null_intercept() const = 0;
  virtual bool has_intercept() const { return true; }
  Eigen::Index outputs() const { return target_.classes; }

 protected:
  const Target& target_;
  double total_;  ///< of the weights
};

/// One that is a sum over cases.
class CaseLoss : public Loss {
 public:
  using Loss::Loss;
  double mean(const Eigen::MatrixXd& scores) const final;
  Curvature curvature(const Eigen::MatrixXd& scores, Eigen::Index k) const final;

 protected:
  struct Slope {
    double gradient, hessian;
  };
  virtual double of_case(const Eigen::MatrixXd& scores, Eigen::Index i) const = 0;
  virtual Slope slope(const Eigen::MatrixXd& scores, Eigen::Index i, Eigen::Index k) const = 0;
};

std::unique_ptr<Loss> loss_of(const Target& target);

}  // namespace photo51::learners
