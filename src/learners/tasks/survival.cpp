/// Cox's partial likelihood of one score, a log hazard ratio.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "learners/estimator_task.hpp"
#include "photo51/core/error.hpp"

namespace photo51::learners {
namespace {

class Cox final : public Loss {
 public:
  explicit Cox(const Target& target) : Loss(target), order_(static_cast<size_t>(target.size())) {
    std::iota(order_.begin(), order_.end(), Eigen::Index{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](auto a, auto b) { return target.value[a] > target.value[b]; });
  }
  double mean(const Eigen::MatrixXd& scores) const override { return likelihood(scores.col(0), nullptr); }
  Curvature curvature(const Eigen::MatrixXd& scores, Eigen::Index) const override {
    Curvature result{Eigen::VectorXd::Zero(target_.size()), Eigen::VectorXd::Zero(target_.size())};
    likelihood(scores.col(0), &result);
    return result;
  }
  bool has_intercept() const override { return false; }
  Eigen::RowVectorXd null_intercept() const override { return Eigen::RowVectorXd::Zero(1); }

 private:
  double likelihood(const Eigen::VectorXd& risk, Curvature* into) const;

  std::vector<Eigen::Index> order_;  ///< latest first
};

/// Efron's partial likelihood over the number of cases. Weights are not part of it: a tie's share of the risk
/// set has no accepted meaning with them.
double Cox::likelihood(const Eigen::VectorXd& risk, Curvature* into) const {
  const auto count = static_cast<Eigen::Index>(order_.size());
  const double top = count > 0 ? risk.maxCoeff() : 0;
  const Eigen::VectorXd hazard = (risk.array() - top).exp();
  // Each term of the likelihood is the log of a sum over the patients at risk, in which those who have the
  // event at that time count by a share. The derivative gathers, for every patient, the terms of its own time
  // and of earlier ones.
  struct Term {
    double denominator, share;
  };
  std::vector<std::vector<Term>> terms;              // by distinct time, latest first
  std::vector<std::pair<size_t, size_t>> time_rows;  // its rows in `order_`
  double at_risk = 0, likelihood = 0;
  for (size_t begin = 0; begin < order_.size();) {
    size_t end = begin;
    const double time = target_.value[order_[begin]];
    double tied = 0;
    int64_t events = 0;
    for (; end < order_.size() && target_.value[order_[end]] == time; ++end) {
      const Eigen::Index row = order_[end];
      at_risk += hazard[row];
      if (target_.event[row] == 0) continue;
      tied += hazard[row];
      likelihood += risk[row] - top;
      ++events;
    }
    auto& here = terms.emplace_back();
    for (int64_t l = 0; l < events; ++l) {
      const double share = static_cast<double>(l) / static_cast<double>(events);
      here.push_back({at_risk - share * tied, share});
      likelihood -= std::log(here.back().denominator);
    }
    time_rows.emplace_back(begin, end);
    begin = end;
  }
  const auto cases = static_cast<double>(std::max<Eigen::Index>(count, 1));
  if (into != nullptr) {
    double inverse = 0, squares = 0;  // over the terms of earlier times
    for (size_t t = terms.size(); t-- > 0;) {
      double own = 0, own_squares = 0, shared = 0, shared_squares = 0;
      for (const auto& [denominator, share] : terms[t]) {
        own += 1 / denominator;
        own_squares += 1 / (denominator * denominator);
        shared += (1 - share) / denominator;
        shared_squares += (1 - share) * (1 - share) / (denominator * denominator);
      }
      for (size_t at = time_rows[t].first; at < time_rows[t].second; ++at) {
        const Eigen::Index row = order_[at];
        const bool event = target_.event[row] != 0;
        const double first = inverse + (event ? shared : own);
        const double second = squares + (event ? shared_squares : own_squares);
        into->gradient[row] = (hazard[row] * first - static_cast<double>(event)) / cases;
        into->hessian[row] =
            std::max(hazard[row] * first - hazard[row] * hazard[row] * second, least_curvature) / cases;
      }
      inverse += own;
      squares += own_squares;
    }
  }
  return -likelihood / cases;
}

/// |2 c - 1| of the feature as a risk.
double concordance(const Eigen::VectorXd& values, const Eigen::VectorXd&, const Target& target) {
  double concordant = 0, pairs = 0;
  for (Eigen::Index i = 0; i < values.size(); ++i) {
    if (target.event[i] == 0) continue;
    for (Eigen::Index j = 0; j < values.size(); ++j) {
      if (!(target.value[i] < target.value[j])) continue;
      ++pairs;
      concordant += values[i] > values[j] ? 1 : values[i] == values[j] ? 0.5 : 0;
    }
  }
  return pairs > 0 ? std::abs(2 * concordant / pairs - 1) : 0;
}

void require_event(const Target& target, const data::TaskSpec&) {
  if (!(target.event.array() != 0).any())
    core::fail_data("all training patients are censored; survival needs observed events to learn from");
}

}  // namespace

EstimatorTask survival_estimators() {
  return {.task = "survival",
          .loss = [](const Target& target) -> std::unique_ptr<Loss> { return std::make_unique<Cox>(target); },
          .loss_is_by_case = false,
          .stratum = [](const Target& target, Eigen::Index row) { return target.event[row]; },
          .kept = [](const Target& target, Eigen::Index row) -> std::optional<double> {
            if (target.event[row] == 0) return std::nullopt;
            return 1;
          },
          .relevance = concordance,
          .require_learnable = require_event,
          .trees = {.name = "survival:cox",
                    .base_score = "1",
                    .least_base = 1e-30,
                    // Its Cox objective takes a censored time as a negative one.
                    .labels = [](const Target& target) -> Eigen::VectorXd {
                      return (target.event.array() != 0).select(target.value, -target.value);
                    }}};
}

}  // namespace photo51::learners
