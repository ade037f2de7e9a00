#include "learners/standardiser.hpp"

#include <algorithm>
#include <cmath>

#include "learners/target.hpp"

namespace photo51::learners {

Standardiser Standardiser::of(const Eigen::MatrixXd& features) {
  Standardiser result{Eigen::RowVectorXd::Zero(features.cols()), Eigen::RowVectorXd::Zero(features.cols())};
  for (Eigen::Index j = 0; j < features.cols(); ++j) {
    double sum = 0, squares = 0, count = 0;
    for (const double value : features.col(j))
      if (!std::isnan(value)) sum += value, ++count;
    if (count == 0) continue;
    const double mean = sum / count;
    for (const double value : features.col(j))
      if (!std::isnan(value)) squares += (value - mean) * (value - mean);
    result.mean[j] = mean;
    result.deviation[j] = std::sqrt(squares / count);
  }
  return result;
}

Eigen::MatrixXd Standardiser::apply(const Eigen::MatrixXd& features) const {
  Eigen::MatrixXd result(features.rows(), features.cols());
  for (Eigen::Index j = 0; j < features.cols(); ++j) {
    // A spread of rounding errors only is none.
    const bool varies = deviation[j] > 1e-10 * std::max(1.0, std::abs(mean[j]));
    for (Eigen::Index i = 0; i < features.rows(); ++i)
      result(i, j) = varies && !std::isnan(features(i, j)) ? (features(i, j) - mean[j]) / deviation[j] : 0;
  }
  return result;
}

State state_of(const Standardiser& standardiser) {
  return {{"mean", to_tensor(standardiser.mean)}, {"deviation", to_tensor(standardiser.deviation)}};
}

Standardiser standardiser_from(const StateReader& state, int64_t features) {
  return {to_matrix(state.numbers("mean", {1, features})),
          to_matrix(state.numbers("deviation", {1, features}, 0))};
}

}  // namespace photo51::learners
