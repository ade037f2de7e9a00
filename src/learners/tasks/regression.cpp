/// Half the squared error of one score, a value.

#include <cmath>

#include "learners/estimator_task.hpp"
#include "photo51/core/error.hpp"

namespace photo51::learners {
namespace {

class SquaredError final : public CaseLoss {
 public:
  using CaseLoss::CaseLoss;
  Eigen::RowVectorXd null_intercept() const override {
    return Eigen::RowVectorXd::Constant(1, target_.value.dot(target_.weight) / total_);
  }

 protected:
  double of_case(const Eigen::MatrixXd& scores, Eigen::Index i) const override {
    const double value = target_.value[i];
    return (scores(i, 0) - value) * (scores(i, 0) - value) / 2;
  }
  Slope slope(const Eigen::MatrixXd& scores, Eigen::Index i, Eigen::Index k) const override {
    return {scores(i, k) - target_.value[i], 1};
  }
};

void require_spread(const Target& target, const data::TaskSpec&) {
  if (target.value.maxCoeff() == target.value.minCoeff())
    core::fail_data("all " + std::to_string(target.size()) +
                    " training values are the same; there is nothing to learn");
}

}  // namespace

EstimatorTask regression_estimators() {
  return {.task = "regression",
          .loss = [](const Target& target) -> std::unique_ptr<Loss> {
            return std::make_unique<SquaredError>(target);
          },
          .stratum = [](const Target&, Eigen::Index) { return 0.0; },
          .kept = value_kept,
          .kept_at_least = 2,
          .relevance = [](const Eigen::VectorXd& unit, const Eigen::VectorXd& truth,
                          const Target&) { return std::abs(unit.dot(truth)); },
          .require_learnable = require_spread,
          .trees = {.name = "reg:squarederror",
                    .base_score = "0",
                    .has_scale_pos_weight = true,
                    .offset = [](double mean) { return mean; }}};
}

}  // namespace photo51::learners
