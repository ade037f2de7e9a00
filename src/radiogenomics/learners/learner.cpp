#include "radiogenomics/learners/learner.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/learners/estimator_task.hpp"

namespace photo51::radiogenomics {
namespace {

using Catalogue = config::Catalogue<std::unique_ptr<Learner> (*)(const config::Choice&)>;

const Catalogue& catalogue() {
  static const Catalogue table = {
      {config::component<ElasticNetOptions>(
           "elastic_net", "elastic net: logistic, multinomial, least squares or Cox, by the task"),
       make_elastic_net},
      {config::component<KernelOptions>("kernel_ridge", "ridge in the features of a Gaussian kernel"),
       make_kernel_ridge},
      {config::component<BoostedTreesOptions>("boosted_trees", "gradient-boosted trees (XGBoost)"),
       make_boosted_trees},
      {config::component<RandomForestOptions>("random_forest", "random forest (XGBoost)"),
       make_random_forest},
      {config::component<StackOptions>("stack", "a weighted sum of what other heads say"), make_stack},
  };
  return table;
}

}  // namespace

Target Target::rows(const std::vector<Eigen::Index>& chosen) const {
  Target part{.task = task,
              .classes = classes,
              .value = value(chosen),
              .event = {},
              .weight = weight(chosen),
              .group = {}};
  if (event.size() > 0) part.event = event(chosen);
  if (!group.empty())
    for (const auto row : chosen) part.group.push_back(group[static_cast<size_t>(row)]);
  return part;
}

std::vector<int64_t> inner_folds(const Target& target, int64_t folds, uint64_t seed) {
  // Groups in random order, each under the rarest stratum that it has a case of.
  std::map<int64_t, std::vector<Eigen::Index>> groups;
  for (Eigen::Index row = 0; row < target.size(); ++row)
    groups[target.group.empty() ? row : target.group[static_cast<size_t>(row)]].push_back(row);
  std::map<double, int64_t> sizes;
  for (Eigen::Index row = 0; row < target.size(); ++row) ++sizes[target.task->stratum(target, row)];
  std::map<double, std::vector<const std::vector<Eigen::Index>*>> strata;
  for (const auto& [group, rows] : groups) {
    double rarest = target.task->stratum(target, rows.front());
    for (const auto row : rows)
      if (sizes[target.task->stratum(target, row)] < sizes[rarest])
        rarest = target.task->stratum(target, row);
    strata[rarest].push_back(&rows);
  }
  auto count = std::min<int64_t>(folds, static_cast<int64_t>(groups.size()));
  for (const auto& [stratum, members] : strata)
    if (strata.size() > 1) count = std::min(count, static_cast<int64_t>(members.size()));
  std::vector<int64_t> fold_of(static_cast<size_t>(target.size()), 0);
  if (count < 2) return fold_of;
  core::Random random({seed, core::hash_key("inner folds")});
  int64_t next = 0;
  for (const auto& [stratum, members] : strata)
    for (const int64_t at : random.permutation(static_cast<int64_t>(members.size()))) {
      for (const auto row : *members[static_cast<size_t>(at)]) fold_of[static_cast<size_t>(row)] = next;
      next = (next + 1) % count;
    }
  return fold_of;
}

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

nlohmann::json to_json(const Eigen::MatrixXd& matrix) {
  nlohmann::json rows = nlohmann::json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    const Eigen::RowVectorXd row = matrix.row(i);
    rows.push_back(std::vector<double>(row.begin(), row.end()));
  }
  return {{"columns", matrix.cols()}, {"rows", std::move(rows)}};
}

Eigen::MatrixXd matrix_from(const core::Learned& learned, Eigen::Index rows, Eigen::Index columns,
                            double least) {
  const auto told = learned.at("rows");
  if (static_cast<Eigen::Index>(told.size()) != rows || learned.at("columns").whole(0, INT64_MAX) != columns)
    learned.fail("is " + std::to_string(told.size()) + " x " +
                 std::to_string(learned.at("columns").whole(0, INT64_MAX)) + " where " +
                 std::to_string(rows) + " x " + std::to_string(columns) + " is needed");
  std::vector<double> values;  // grows with what is there, not with what is promised
  for (size_t i = 0; i < told.size(); ++i) {
    const auto row = told.at(i).numbers(static_cast<size_t>(columns), least);
    values.insert(values.end(), row.begin(), row.end());
  }
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const RowMajor>(values.data(), rows, columns);
}

nlohmann::json to_json(const Standardiser& standardiser) {
  return {{"mean", to_json(Eigen::MatrixXd(standardiser.mean))},
          {"deviation", to_json(Eigen::MatrixXd(standardiser.deviation))}};
}

Standardiser standardiser_from(const core::Learned& learned, Eigen::Index features) {
  return {matrix_from(learned.at("mean"), 1, features), matrix_from(learned.at("deviation"), 1, features, 0)};
}

std::unique_ptr<Learner> make_learner(const config::Choice& choice) {
  return (*catalogue().find(choice.name))(choice);
}

const config::Components& learners() {
  return catalogue().components();
}

}  // namespace photo51::radiogenomics
