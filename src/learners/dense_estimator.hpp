#pragma once
/// What our own estimators derive from.

#include "learners/target.hpp"
#include "photo51/learners/estimator.hpp"

namespace photo51::learners {

class DenseEstimator : public Estimator {
 public:
  void fit(const LabelledTable& table) final {
    fit_matrix(to_matrix(table.features), target_of(table), table.seed);
  }
  at::Tensor predict(const at::Tensor& features) const final {
    return to_tensor(predict_matrix(to_matrix(features)));
  }

 protected:
  /// `features` [cases, features], NaN where one is missing.
  virtual void fit_matrix(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) = 0;
  /// [cases, outputs], as of `predict`.
  virtual Eigen::MatrixXd predict_matrix(const Eigen::MatrixXd& features) const = 0;
};

std::unique_ptr<Estimator> make_elastic_net(const config::Choice& choice);
std::unique_ptr<Estimator> make_kernel_ridge(const config::Choice& choice);
std::unique_ptr<Estimator> make_boosted_trees(const config::Choice& choice);
std::unique_ptr<Estimator> make_random_forest(const config::Choice& choice);
std::unique_ptr<Estimator> make_stack(const config::Choice& choice);

}  // namespace photo51::learners
