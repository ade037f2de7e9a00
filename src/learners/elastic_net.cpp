#include "learners/elastic_net.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "learners/estimator_task.hpp"

namespace photo51::learners {
namespace {

constexpr int most_newton_steps = 100, most_sweeps = 200;
/// Of the objective, relative: at the end of the path, and on the way there and in cross-validation.
constexpr double fine = 1e-9, coarse = 1e-5;

double soft_threshold(double value, double by) {
  return value > by ? value - by : value < -by ? value + by : 0;
}

bool is_ridge(const ElasticNetProblem& problem) {
  return problem.l1_ratio == 0 && !problem.alike;
}

/// Fits along the path, each penalty from where the last one ended.
class PathFitter {
 public:
  PathFitter(const Eigen::MatrixXd& features, const Target& target, const ElasticNetProblem& problem)
      : x_(features),
        problem_(problem),
        loss_(loss_of(target)),
        weights_(Eigen::MatrixXd::Zero(features.cols(), loss_->outputs())),
        intercept_(loss_->null_intercept()),
        scores_(intercept_.replicate(features.rows(), 1)) {}

  /// The penalty above which all weights are zero; of a ridge, which has none, a thousand times a lasso's.
  double largest_lambda() const {
    double largest = 0;
    const Eigen::MatrixXd null = loss_->null_intercept().replicate(x_.rows(), 1);
    for (Eigen::Index k = 0; k < loss_->outputs(); ++k) {
      const Eigen::VectorXd slope = x_.transpose() * loss_->curvature(null, k).gradient;
      if (slope.size() > 0) largest = std::max(largest, slope.cwiseAbs().maxCoeff());
    }
    return std::max(largest, 1e-8) / std::max(problem_.l1_ratio, 1e-3);
  }

  ElasticNetFit fit(double lambda, double tolerance = coarse) {
    double objective = objective_at(lambda, weights_, scores_);
    for (int step = 0; step < most_newton_steps; ++step) {
      const Eigen::MatrixXd old_weights = weights_, old_scores = scores_;
      const Eigen::RowVectorXd old_intercept = intercept_;
      for (Eigen::Index k = 0; k < loss_->outputs(); ++k) {
        if (problem_.alike)
          alike_step(k, lambda);
        else if (is_ridge(problem_))
          ridge_step(k, lambda);
        else
          newton_step(k, lambda, tolerance);
      }
      double next = objective_at(lambda, weights_, scores_);
      // The curvature of a case leaves out what ties it to others: a step may be too long.
      for (int half = 0; half < 30 && !(next <= objective + 1e-12); ++half) {
        weights_ = (weights_ + old_weights) / 2;
        intercept_ = (intercept_ + old_intercept) / 2;
        scores_ = (scores_ + old_scores) / 2;
        next = objective_at(lambda, weights_, scores_);
      }
      const bool settled = std::abs(objective - next) <= tolerance * (std::abs(next) + 1e-3);
      objective = next;
      if (settled) break;
    }
    return {weights_, intercept_, lambda};
  }

 private:
  double objective_at(double lambda, const Eigen::MatrixXd& weights, const Eigen::MatrixXd& scores) const {
    if (problem_.alike) {
      const Eigen::RowVectorXd mean = weights.colwise().mean();
      return loss_->mean(scores) + lambda / 2 * (weights.rowwise() - mean).squaredNorm();
    }
    return loss_->mean(scores) + lambda * ((1 - problem_.l1_ratio) / 2 * weights.squaredNorm() +
                                           problem_.l1_ratio * weights.cwiseAbs().sum());
  }

  /// Minimises the quadratic that touches the loss at the present scores, by coordinate descent: over all
  /// features, then over those in use until they settle, and again.
  void newton_step(Eigen::Index k, double lambda, double tolerance) {
    const Curvature at = loss_->curvature(scores_, k);
    const Eigen::VectorXd& h = at.hessian;
    Eigen::VectorXd rest = -at.gradient.cwiseQuotient(h);  // working response less the present score
    const Eigen::VectorXd bend = x_.cwiseAbs2().transpose() * h;
    const double total = h.sum();
    const auto update = [&](Eigen::Index j) {
      if (bend[j] <= 0) return 0.0;
      const double old = weights_(j, k);
      const double slope = x_.col(j).dot(h.cwiseProduct(rest)) + bend[j] * old;
      const double now =
          soft_threshold(slope, lambda * problem_.l1_ratio) / (bend[j] + lambda * (1 - problem_.l1_ratio));
      if (now == old) return 0.0;
      weights_(j, k) = now;
      rest -= (now - old) * x_.col(j);
      scores_.col(k) += (now - old) * x_.col(j);
      return bend[j] * (now - old) * (now - old);
    };
    const auto sweep = [&](bool only_in_use) {
      double largest = 0;
      if (loss_->has_intercept()) {
        const double move = h.dot(rest) / total;
        intercept_[k] += move;
        rest.array() -= move;
        scores_.col(k).array() += move;
        largest = total * move * move;
      }
      for (Eigen::Index j = 0; j < x_.cols(); ++j)
        if (!only_in_use || weights_(j, k) != 0) largest = std::max(largest, update(j));
      return largest;
    };
    const double still = tolerance * 1e-2;
    for (int round = 0; round < most_sweeps; ++round) {
      if (sweep(false) < still) return;
      for (int inner = 0; inner < most_sweeps && sweep(true) >= still; ++inner) {
      }
    }
  }

  /// The quadratic of a Newton step, of rows of weight one about their means.
  struct Quadratic {
    Eigen::MatrixXd x;
    Eigen::VectorXd y;
    Eigen::RowVectorXd centre;
    double middle = 0;
  };
  Quadratic quadratic(Eigen::Index k) const {
    const Curvature at = loss_->curvature(scores_, k);
    const Eigen::VectorXd& h = at.hessian;
    const Eigen::VectorXd response = scores_.col(k) - at.gradient.cwiseQuotient(h);
    Quadratic result{{}, {}, Eigen::RowVectorXd::Zero(x_.cols()), 0};
    if (loss_->has_intercept()) {
      result.centre = h.transpose() * x_ / h.sum();
      result.middle = h.dot(response) / h.sum();
    }
    const Eigen::VectorXd root = h.cwiseSqrt();
    result.x = root.asDiagonal() * (x_.rowwise() - result.centre);
    result.y = root.cwiseProduct((response.array() - result.middle).matrix());
    return result;
  }
  void take(Eigen::Index k, const Quadratic& from) {
    if (loss_->has_intercept()) intercept_[k] = from.middle - from.centre.dot(weights_.col(k));
    scores_.col(k) = (x_ * weights_.col(k)).array() + intercept_[k];
  }

  /// The same minimum at once, through the smaller of the two systems.
  void ridge_step(Eigen::Index k, double lambda) {
    const Quadratic at = quadratic(k);
    if (at.x.rows() < at.x.cols()) {
      Eigen::MatrixXd gram = at.x * at.x.transpose();
      gram.diagonal().array() += lambda;
      weights_.col(k) = at.x.transpose() * gram.llt().solve(at.y);
    } else {
      Eigen::MatrixXd gram = at.x.transpose() * at.x;
      gram.diagonal().array() += lambda;
      weights_.col(k) = gram.llt().solve(at.x.transpose() * at.y);
    }
    take(k, at);
  }

  /// Of `alike`. The most negative weight, if there is one, is set to 0 and the others are solved for again.
  void alike_step(Eigen::Index k, double lambda) {
    const Quadratic at = quadratic(k);
    const auto count = x_.cols();
    Eigen::MatrixXd gram = at.x.transpose() * at.x;
    gram.array() -= lambda / static_cast<double>(count);
    gram.diagonal().array() += lambda + 1e-9;
    const Eigen::VectorXd slope = at.x.transpose() * at.y;
    std::vector<Eigen::Index> free(static_cast<size_t>(count));
    std::iota(free.begin(), free.end(), Eigen::Index{0});
    weights_.col(k).setZero();
    while (!free.empty()) {
      const Eigen::VectorXd solved = gram(free, free).ldlt().solve(slope(free));
      Eigen::Index lowest = 0;
      const double least = solved.minCoeff(&lowest);
      if (least >= 0) {
        for (size_t i = 0; i < free.size(); ++i) weights_(free[i], k) = solved[static_cast<Eigen::Index>(i)];
        break;
      }
      free.erase(free.begin() + lowest);
    }
    take(k, at);
  }

  const Eigen::MatrixXd& x_;
  const ElasticNetProblem& problem_;
  std::unique_ptr<Loss> loss_;
  Eigen::MatrixXd weights_;
  Eigen::RowVectorXd intercept_;
  Eigen::MatrixXd scores_;
};

std::vector<double> path_from(double largest, double smallest_fraction, int length) {
  std::vector<double> path;
  for (int i = 0; i < length; ++i)
    path.push_back(largest * std::pow(smallest_fraction, static_cast<double>(i) / (length - 1)));
  return path;
}

Eigen::MatrixXd rows_of(const Eigen::MatrixXd& features, const std::vector<Eigen::Index>& rows) {
  return features(rows, Eigen::all);
}

/// What the left-out cases lose. A Cox likelihood of few cases says little by itself: theirs is that of all
/// less that of the training ones (Verweij and van Houwelingen 1993), by scores of the same model.
double held_out_loss(const ElasticNetFit& fit, const Eigen::MatrixXd& features, const Target& target,
                     const std::vector<Eigen::Index>& in, const std::vector<Eigen::Index>& out) {
  if (target.task->loss_is_by_case) return mean_loss(fit.predict(rows_of(features, out)), target.rows(out));
  const Eigen::MatrixXd scores = fit.predict(features);
  const auto all = static_cast<double>(target.size()), trained = static_cast<double>(in.size());
  return (mean_loss(scores, target) * all - mean_loss(rows_of(scores, in), target.rows(in)) * trained) /
         static_cast<double>(out.size());
}

/// The penalty of the least mean loss of cases that were left out.
double choose_lambda(const Eigen::MatrixXd& features, const Target& target, const ElasticNetProblem& problem,
                     const std::vector<double>& path, uint64_t seed) {
  const auto fold_of = inner_folds(target, problem.folds, seed);
  const int64_t folds = 1 + *std::max_element(fold_of.begin(), fold_of.end());
  if (folds < 2) return path[path.size() / 2];
  Eigen::MatrixXd losses(folds, static_cast<Eigen::Index>(path.size()));
  Eigen::VectorXd sizes(folds);
  for (int64_t fold = 0; fold < folds; ++fold) {
    std::vector<Eigen::Index> in, out;
    for (size_t row = 0; row < fold_of.size(); ++row)
      (fold_of[row] == fold ? out : in).push_back(static_cast<Eigen::Index>(row));
    const Eigen::MatrixXd training = rows_of(features, in);
    const Target training_target = target.rows(in);
    PathFitter fitter(training, training_target, problem);
    for (size_t i = 0; i < path.size(); ++i)
      losses(fold, static_cast<Eigen::Index>(i)) =
          held_out_loss(fitter.fit(path[i]), features, target, in, out);
    sizes[fold] = static_cast<double>(out.size());
  }
  const Eigen::VectorXd share = sizes / sizes.sum();
  const Eigen::RowVectorXd mean = share.transpose() * losses;
  Eigen::Index best = 0;
  mean.minCoeff(&best);
  if (problem.one_standard_error) {
    const double variance = share.dot((losses.col(best).array() - mean[best]).square().matrix());
    const double bound = mean[best] + std::sqrt(variance / static_cast<double>(folds - 1));
    while (best > 0 && mean[best - 1] <= bound) --best;
  }
  return path[static_cast<size_t>(best)];
}

ElasticNetFit fit_path(const Eigen::MatrixXd& features, const Target& target,
                       const ElasticNetProblem& problem, uint64_t seed) {
  PathFitter fitter(features, target, problem);
  const double largest = fitter.largest_lambda();
  // A ridge changes slowly along a long way; a lasso of more features than cases soon fits them all.
  const double lasso_reach = features.rows() > features.cols() ? 1e-4 : 1e-2;
  const auto path =
      problem.l1_ratio < 0.01 ? path_from(largest, 1e-6, 25) : path_from(largest, lasso_reach, 50);
  const double lambda =
      problem.lambda > 0 ? problem.lambda : choose_lambda(features, target, problem, path, seed);
  // Down the path, which is both quicker and steadier than at once.
  for (const double larger : path)
    if (larger > lambda) fitter.fit(larger);
  return fitter.fit(lambda, fine);
}

}  // namespace

Eigen::MatrixXd ElasticNetFit::predict(const Eigen::MatrixXd& features) const {
  return (features * weights).rowwise() + intercept;
}

State state_of(const ElasticNetFit& fit) {
  return {{"weights", to_tensor(fit.weights)},
          {"intercept", to_tensor(fit.intercept)},
          {"lambda", number_tensor(fit.lambda)}};
}

ElasticNetFit elastic_net_from(const StateReader& state, int64_t features, int64_t outputs) {
  return {to_matrix(state.numbers("weights", {features, outputs})),
          to_matrix(state.numbers("intercept", {1, outputs})), state.number("lambda", 0)};
}

double mean_loss(const Eigen::MatrixXd& scores, const Target& target) {
  return loss_of(target)->mean(scores);
}

ElasticNetFit fit_elastic_net(const Eigen::MatrixXd& features, const Target& target,
                              const ElasticNetProblem& problem, uint64_t seed) {
  if (is_ridge(problem) && features.cols() > features.rows()) {
    // The weights of a ridge lie in the space of the cases: as many features as cases say all.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> gram(features * features.transpose());
    const auto& values = gram.eigenvalues();
    const auto rank = (values.array() > 1e-12 * values.maxCoeff()).count();
    const Eigen::VectorXd roots = values.tail(rank).cwiseSqrt();
    const Eigen::MatrixXd vectors = gram.eigenvectors().rightCols(rank);
    ElasticNetFit fit = fit_path(vectors * roots.asDiagonal(), target, problem, seed);
    fit.weights = features.transpose() * (vectors * (roots.cwiseInverse().asDiagonal() * fit.weights));
    return fit;
  }
  return fit_path(features, target, problem, seed);
}

}  // namespace photo51::learners
