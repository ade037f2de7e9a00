#include "learners/losses.hpp"

#include "learners/estimator_task.hpp"

namespace photo51::learners {

double CaseLoss::mean(const Eigen::MatrixXd& scores) const {
  double sum = 0;
  for (Eigen::Index i = 0; i < target_.size(); ++i) sum += target_.weight[i] * of_case(scores, i);
  return sum / total_;
}

Curvature CaseLoss::curvature(const Eigen::MatrixXd& scores, Eigen::Index k) const {
  Curvature result{Eigen::VectorXd::Zero(target_.size()), Eigen::VectorXd::Zero(target_.size())};
  for (Eigen::Index i = 0; i < target_.size(); ++i) {
    const auto [gradient, hessian] = slope(scores, i, k);
    result.gradient[i] = target_.weight[i] * gradient / total_;
    result.hessian[i] = target_.weight[i] * hessian / total_;
  }
  return result;
}

std::unique_ptr<Loss> loss_of(const Target& target) {
  return target.task->loss(target);
}

}  // namespace photo51::learners
