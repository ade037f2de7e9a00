#include <algorithm>

#include "photo51/core/ranks.hpp"
#include "photo51/radiogenomics/learners/options.hpp"
#include "radiogenomics/learners/elastic_net.hpp"
#include "radiogenomics/learners/estimator_task.hpp"

namespace photo51::radiogenomics {
namespace {

using Columns = std::vector<Eigen::Index>;

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

using Select = Columns (*)(const config::Choice&, const Eigen::MatrixXd&, const Target&, uint64_t);
using Selections = config::Catalogue<Select>;

const Selections& selections() {
  static const Selections table = {
      {config::component<UnivariateOptions>("univariate",
                                            "the features of highest relevance, each by itself"),
       [](const config::Choice& choice, const Eigen::MatrixXd& x, const Target& target, uint64_t) {
         return largest(relevance(x, target).value, choice.as<UnivariateOptions>().keep);
       }},
      {config::component<MrmrOptions>("mrmr", "minimum redundancy, maximum relevance"),
       [](const config::Choice& choice, const Eigen::MatrixXd& x, const Target& target, uint64_t) {
         return mrmr(relevance(x, target), choice.as<MrmrOptions>().keep);
       }},
      {config::component<ElasticNetSelectOptions>("elastic_net", "the features that an elastic net weighs"),
       [](const config::Choice& choice, const Eigen::MatrixXd& x, const Target& target, uint64_t seed) {
         const auto& o = choice.as<ElasticNetSelectOptions>();
         const auto fit =
             fit_elastic_net(Standardiser::of(x).apply(x), target,
                             {.l1_ratio = o.l1_ratio, .lambda = o.lambda, .folds = o.folds}, seed);
         return largest(fit.weights.cwiseAbs().rowwise().sum(), o.keep);
       }},
  };
  return table;
}

}  // namespace

const config::Components& selectors() {
  return selections().components();
}

std::vector<Eigen::Index> select_features(const config::Choice& choice, const Eigen::MatrixXd& features,
                                          const Target& target, uint64_t seed) {
  return (*selections().find(choice.name))(choice, features, target, seed);
}

}  // namespace photo51::radiogenomics
