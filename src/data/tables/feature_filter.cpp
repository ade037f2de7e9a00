#include "data/tables/feature_filter.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/ranks.hpp"

namespace photo51::data {
namespace {

/// Features above the limit with another.
struct Neighbours {
  std::vector<size_t> features;
  double agreement = 0;  ///< sum of their |rho|
};

std::vector<Neighbours> neighbours_of(const Eigen::MatrixXd& values, double limit) {
  Eigen::MatrixXd ranks(values.rows(), values.cols());
  for (Eigen::Index i = 0; i < values.cols(); ++i) {
    const Eigen::VectorXd column = values.col(i);
    const auto unit = core::unit_ranks({column.data(), static_cast<size_t>(column.size())});
    ranks.col(i) = Eigen::Map<const Eigen::VectorXd>(unit.data(), values.rows());
  }
  std::vector<Neighbours> all(static_cast<size_t>(values.cols()));
  constexpr Eigen::Index block = 256;  // the whole matrix of correlations may not fit
  for (Eigen::Index begin = 0; begin < ranks.cols(); begin += block) {
    const Eigen::Index count = std::min(block, ranks.cols() - begin);
    const Eigen::MatrixXd rho =
        (ranks.rightCols(ranks.cols() - begin).transpose() * ranks.middleCols(begin, count)).cwiseAbs();
    for (Eigen::Index i = 0; i < count; ++i)
      for (Eigen::Index j = i + 1; j < rho.rows(); ++j)  // each pair once, so that both sides agree
        if (rho(j, i) > limit) {
          const auto one = static_cast<size_t>(begin + i), other = static_cast<size_t>(begin + j);
          all[one].features.push_back(other);
          all[other].features.push_back(one);
          all[one].agreement += rho(j, i);
          all[other].agreement += rho(j, i);
        }
  }
  return all;
}

}  // namespace

std::vector<size_t> varying_features(const Eigen::MatrixXd& values, double least) {
  std::vector<size_t> kept;
  for (Eigen::Index i = 0; i < values.cols(); ++i) {
    const Eigen::ArrayXd column = values.col(i).array();
    const double deviation = std::sqrt((column - column.mean()).square().mean());
    const double magnitude = column.abs().mean();
    // A spread of rounding errors only is none.
    if (deviation > std::max(least, 1e-12) * magnitude) kept.push_back(static_cast<size_t>(i));
  }
  return kept;
}

std::vector<size_t> uncorrelated_features(const Eigen::MatrixXd& values, double limit) {
  const auto neighbours = neighbours_of(values, limit);
  std::vector<size_t> left(neighbours.size());  // by feature: neighbours that are left
  for (size_t i = 0; i < left.size(); ++i) left[i] = neighbours[i].features.size();
  std::vector<bool> gone(left.size(), false);
  std::vector<size_t> kept;
  const auto leave = [&](size_t feature) {
    gone[feature] = true;
    for (const size_t other : neighbours[feature].features) --left[other];
  };
  for (;;) {
    size_t best = left.size();
    for (size_t i = 0; i < left.size(); ++i)
      if (!gone[i] && (best == left.size() || left[i] > left[best] ||
                       (left[i] == left[best] && neighbours[i].agreement > neighbours[best].agreement)))
        best = i;
    if (best == left.size()) break;
    kept.push_back(best);
    for (const size_t other : neighbours[best].features)
      if (!gone[other]) leave(other);
    leave(best);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace photo51::data
