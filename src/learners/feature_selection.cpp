#include "photo51/learners/feature_selection.hpp"

#include <algorithm>
#include <set>

#include "learners/elastic_net.hpp"
#include "learners/estimator_task.hpp"
#include "learners/standardiser.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/ranks.hpp"
#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

using Columns = std::vector<int64_t>;

Eigen::VectorXd unit_ranks(const Eigen::VectorXd& values) {
  const auto unit = core::unit_ranks({values.data(), static_cast<size_t>(values.size())});
  return Eigen::Map<const Eigen::VectorXd>(unit.data(), values.size());
}

/// Of every feature, how much it says of the target, and its ranks.
struct Relevance {
  Eigen::VectorXd value;
  Eigen::MatrixXd unit;  ///< [cases, features]
};

Relevance relevance(const Eigen::MatrixXd& features, const Target& target) {
  Relevance result{Eigen::VectorXd::Zero(features.cols()), Eigen::MatrixXd(features.rows(), features.cols())};
  const Eigen::VectorXd truth = unit_ranks(target.value);
  for (Eigen::Index j = 0; j < features.cols(); ++j) {
    result.unit.col(j) = unit_ranks(features.col(j));
    const Eigen::VectorXd& unit = result.unit.col(j);
    if (unit.squaredNorm() == 0) continue;
    result.value[j] = target.task->relevance(unit, truth, target);
  }
  return result;
}

/// The largest first, as many as `keep`; a value of 0 is never kept.
Columns largest(const Eigen::VectorXd& value, int64_t keep) {
  Columns order;
  for (Eigen::Index j = 0; j < value.size(); ++j)
    if (value[j] > 0) order.push_back(j);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return value[a] > value[b]; });
  if (keep > 0 && static_cast<int64_t>(order.size()) > keep) order.resize(static_cast<size_t>(keep));
  return order;
}

Columns mrmr(const Relevance& of, int64_t keep) {
  Columns chosen;
  Eigen::VectorXd redundancy = Eigen::VectorXd::Zero(of.value.size());
  std::vector<bool> taken(static_cast<size_t>(of.value.size()), false);
  while (static_cast<int64_t>(chosen.size()) < keep) {
    Eigen::Index best = -1;
    double best_score = 0;
    for (Eigen::Index j = 0; j < of.value.size(); ++j) {
      if (taken[static_cast<size_t>(j)] || of.value[j] <= 0) continue;
      const double mean = chosen.empty() ? 0 : redundancy[j] / static_cast<double>(chosen.size());
      const double score = of.value[j] - mean;
      if (best < 0 || score > best_score) best = j, best_score = score;
    }
    if (best < 0) break;
    chosen.push_back(best);
    taken[static_cast<size_t>(best)] = true;
    redundancy += (of.unit.transpose() * of.unit.col(best)).cwiseAbs();
  }
  return chosen;
}

Columns select_univariate(const config::Choice& choice, const LabelledTable& table) {
  const auto of = relevance(to_matrix(table.features), target_of(table));
  return largest(of.value, choice.as<UnivariateOptions>().keep);
}

Columns select_mrmr(const config::Choice& choice, const LabelledTable& table) {
  const auto of = relevance(to_matrix(table.features), target_of(table));
  return mrmr(of, choice.as<MrmrOptions>().keep);
}

Columns select_by_elastic_net(const config::Choice& choice, const LabelledTable& table) {
  const auto& o = choice.as<ElasticNetSelectOptions>();
  const Eigen::MatrixXd x = to_matrix(table.features);
  const auto fit =
      fit_elastic_net(Standardiser::of(x).apply(x), target_of(table),
                      {.l1_ratio = o.l1_ratio, .lambda = o.lambda, .folds = o.folds}, table.seed);
  return largest(fit.weights.cwiseAbs().rowwise().sum(), o.keep);
}

}  // namespace

config::Catalogue<SelectFeatures>& feature_selections() {
  static config::Catalogue<SelectFeatures> table = {
      {config::component<UnivariateOptions>("univariate",
                                            "the features of highest relevance, each by itself"),
       select_univariate},
      {config::component<MrmrOptions>("mrmr", "minimum redundancy, maximum relevance"), select_mrmr},
      {config::component<ElasticNetSelectOptions>("elastic_net", "the features that an elastic net weighs"),
       select_by_elastic_net},
  };
  return table;
}

std::vector<int64_t> select_features(const config::Choice& choice, const LabelledTable& table) {
  auto columns = (*feature_selections().find(choice.name))(choice, table);
  std::set<int64_t> seen;
  for (const int64_t column : columns)
    if (column < 0 || column >= table.features.size(1) || !seen.insert(column).second)
      core::fail_usage("feature_selection: `" + choice.name + "` keeps column " + std::to_string(column) +
                       ", which is not one of " + std::to_string(table.features.size(1)) +
                       " or is kept twice");
  return columns;
}

}  // namespace photo51::learners
