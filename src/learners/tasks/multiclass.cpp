/// Multinomial loss: a score a class.

#include <algorithm>
#include <cmath>

#include "learners/estimator_task.hpp"

namespace photo51::learners {
namespace {

Eigen::RowVectorXd softmax(const Eigen::RowVectorXd& scores) {
  const Eigen::RowVectorXd shifted = (scores.array() - scores.maxCoeff()).exp();
  return shifted / shifted.sum();
}

class Multinomial final : public CaseLoss {
 public:
  using CaseLoss::CaseLoss;
  Eigen::RowVectorXd null_intercept() const override {
    Eigen::RowVectorXd counts = Eigen::RowVectorXd::Zero(target_.classes);
    for (Eigen::Index i = 0; i < target_.size(); ++i) counts[class_of(i)] += target_.weight[i];
    return (counts / total_).array().max(1e-6).log();
  }

 protected:
  double of_case(const Eigen::MatrixXd& scores, Eigen::Index i) const override {
    const double top = scores.row(i).maxCoeff();
    return top + std::log((scores.row(i).array() - top).exp().sum()) - scores(i, class_of(i));
  }
  Slope slope(const Eigen::MatrixXd& scores, Eigen::Index i, Eigen::Index k) const override {
    const double p = softmax(scores.row(i))[k];
    return {p - double(class_of(i) == k), std::max(p * (1 - p), least_curvature)};
  }

 private:
  Eigen::Index class_of(Eigen::Index i) const { return static_cast<Eigen::Index>(target_.value[i]); }
};

/// Class `k` against the rest.
Target against_rest(const Target& target, Eigen::Index k) {
  Target one = target;
  one.task = &estimator_task("binary");
  one.classes = 1;
  one.value = (target.value.array() == static_cast<double>(k)).cast<double>();
  return one;
}

}  // namespace

EstimatorTask multiclass_estimators() {
  return {.task = "multiclass",
          .loss = [](const Target& target) -> std::unique_ptr<Loss> {
            return std::make_unique<Multinomial>(target);
          },
          .stratum = value_of,
          .kept = value_kept,
          .relevance = correlation_ratio,
          .require_learnable = [](const Target& target,
                                  const data::TaskSpec& label) { require_classes(target, label.classes); },
          .of_output = against_rest,
          .trees = {.name = "multi:softprob", .least_base = 1e-30, .largest_base = 1 - 1e-7}};
}

}  // namespace photo51::learners
