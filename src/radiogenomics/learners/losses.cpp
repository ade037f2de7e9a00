#include "radiogenomics/learners/losses.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace photo51::radiogenomics {
namespace {

using Kind = data::LabelSpec::Kind;

/// log(1 + exp(x)).
double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
/// Keeps a Newton step finite where a probability is all but 0 or 1.
constexpr double least_curvature = 1e-5;

Eigen::RowVectorXd softmax(const Eigen::RowVectorXd& scores) {
  const Eigen::RowVectorXd shifted = (scores.array() - scores.maxCoeff()).exp();
  return shifted / shifted.sum();
}

}  // namespace

Loss::Loss(const Target& target) : target_(target), total_(target.weight.sum()) {
  if (target.kind != Kind::survival) return;
  order_.resize(static_cast<size_t>(target.size()));
  std::iota(order_.begin(), order_.end(), Eigen::Index{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](auto a, auto b) { return target.value[a] > target.value[b]; });
}

double Loss::mean(const Eigen::MatrixXd& scores) const {
  if (target_.kind == Kind::survival) return cox(scores.col(0), nullptr);
  double sum = 0;
  for (Eigen::Index i = 0; i < target_.size(); ++i) {
    const double value = target_.value[i];
    double loss = 0;
    if (target_.kind == Kind::binary) {
      loss = softplus(scores(i, 0)) - value * scores(i, 0);
    } else if (target_.kind == Kind::multiclass) {
      const double top = scores.row(i).maxCoeff();
      loss = top + std::log((scores.row(i).array() - top).exp().sum()) -
             scores(i, static_cast<Eigen::Index>(value));
    } else {
      loss = (scores(i, 0) - value) * (scores(i, 0) - value) / 2;
    }
    sum += target_.weight[i] * loss;
  }
  return sum / total_;
}

Curvature Loss::curvature(const Eigen::MatrixXd& scores, Eigen::Index k) const {
  Curvature result{Eigen::VectorXd::Zero(target_.size()), Eigen::VectorXd::Zero(target_.size())};
  if (target_.kind == Kind::survival) {
    cox(scores.col(0), &result);
    return result;
  }
  for (Eigen::Index i = 0; i < target_.size(); ++i) {
    double gradient = scores(i, k) - target_.value[i], hessian = 1;
    if (target_.kind == Kind::binary || target_.kind == Kind::multiclass) {
      const bool binary = target_.kind == Kind::binary;
      const double p = binary ? sigmoid(scores(i, 0)) : softmax(scores.row(i))[k];
      const double truth =
          binary ? target_.value[i] : double(static_cast<Eigen::Index>(target_.value[i]) == k);
      gradient = p - truth;
      hessian = std::max(p * (1 - p), least_curvature);
    }
    result.gradient[i] = target_.weight[i] * gradient / total_;
    result.hessian[i] = target_.weight[i] * hessian / total_;
  }
  return result;
}

/// Efron's partial likelihood over the number of cases. Weights are not part of it: a tie's share of the risk
/// set has no accepted meaning with them.
double Loss::cox(const Eigen::VectorXd& risk, Curvature* into) const {
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

Eigen::RowVectorXd Loss::null_intercept() const {
  if (target_.kind == Kind::survival) return Eigen::RowVectorXd::Zero(1);
  const double mean = target_.value.dot(target_.weight) / total_;
  if (target_.kind == Kind::binary) {
    const double kept = std::clamp(mean, 1e-6, 1 - 1e-6);
    return Eigen::RowVectorXd::Constant(1, std::log(kept / (1 - kept)));
  }
  if (target_.kind != Kind::multiclass) return Eigen::RowVectorXd::Constant(1, mean);
  Eigen::RowVectorXd counts = Eigen::RowVectorXd::Zero(target_.classes);
  for (Eigen::Index i = 0; i < target_.size(); ++i)
    counts[static_cast<Eigen::Index>(target_.value[i])] += target_.weight[i];
  return (counts / total_).array().max(1e-6).log();
}

}  // namespace photo51::radiogenomics
