/// Logistic loss: one score, the log odds of class 1.

#include <algorithm>
#include <cmath>

#include "learners/estimator_task.hpp"

namespace photo51::learners {
namespace {

/// log(1 + exp(x)).
double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

class Logistic final : public CaseLoss {
 public:
  using CaseLoss::CaseLoss;
  Eigen::RowVectorXd null_intercept() const override {
    const double mean = target_.value.dot(target_.weight) / total_;
    const double kept = std::clamp(mean, 1e-6, 1 - 1e-6);
    return Eigen::RowVectorXd::Constant(1, std::log(kept / (1 - kept)));
  }

 protected:
  double of_case(const Eigen::MatrixXd& scores, Eigen::Index i) const override {
    return softplus(scores(i, 0)) - target_.value[i] * scores(i, 0);
  }
  Slope slope(const Eigen::MatrixXd& scores, Eigen::Index i, Eigen::Index) const override {
    const double p = sigmoid(scores(i, 0));
    return {p - target_.value[i], std::max(p * (1 - p), least_curvature)};
  }
};

double bounded_log_odds(double share) {
  const double kept = std::min(std::max(share, 1e-6), 1 - 1e-6);
  return std::log(kept / (1 - kept));
}

}  // namespace

EstimatorTask binary_estimators() {
  return {.task = "binary",
          .loss = [](const Target& target) -> std::unique_ptr<Loss> {
            return std::make_unique<Logistic>(target);
          },
          .stratum = value_of,
          .kept = value_kept,
          .relevance = correlation_ratio,
          .require_learnable =
              [](const Target& target, const data::TaskSpec&) {
                require_classes(target, {"0", "1"});
              },
          .trees = {.name = "binary:logistic",
                    .base_score = "0.5",
                    .has_scale_pos_weight = true,
                    .least_base = 1e-30,
                    .largest_base = 1 - 1e-7,
                    .offset = bounded_log_odds}};
}

}  // namespace photo51::learners
