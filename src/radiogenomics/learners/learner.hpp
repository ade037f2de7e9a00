#pragma once
/// What every learner is: a table of features and a target in, a score out.

#include <Eigen/Core>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/learned.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::radiogenomics {

struct EstimatorTask;  // estimator_task.hpp

/// What is learned, one entry a case.
struct Target {
  const EstimatorTask* task = nullptr;
  int64_t classes = 1;         ///< outputs: as many as there are named classes; else 1
  Eigen::VectorXd value;       ///< 0/1, class, value, or time
  Eigen::VectorXd event;       ///< survival: 1 = seen, 0 = censored
  Eigen::VectorXd weight;      ///< mean 1
  std::vector<int64_t> group;  ///< cases of one group stay in one inner fold; empty = each its own

  Eigen::Index size() const { return value.size(); }
  Target rows(const std::vector<Eigen::Index>& chosen) const;
};

/// Inner folds: for every case the fold that it is left out of. Classes (survival: events) are spread evenly,
/// groups stay together; as many folds as the rarest class has groups, if that is fewer.
std::vector<int64_t> inner_folds(const Target& target, int64_t folds, uint64_t seed);

/// What a state has to be of, to be loaded.
struct StateShape {
  const EstimatorTask* task = nullptr;
  Eigen::Index features = 0, outputs = 1;  ///< columns of what comes in and of what comes out
};

class Learner {
 public:
  virtual ~Learner() = default;
  /// `features` [cases, features], NaN where one is missing.
  virtual void fit(const Eigen::MatrixXd& features, const Target& target, uint64_t seed) = 0;
  /// [cases, K]: a logit (binary), a logit a class, a value, a log hazard ratio.
  virtual Eigen::MatrixXd predict(const Eigen::MatrixXd& features) const = 0;
  /// What was learned, as JSON.
  virtual nlohmann::json state() const = 0;
  /// Error (data) that names the field: whatever `fit` could not have made of such columns.
  virtual void load(const core::Learned& state, const StateShape& shape) = 0;
};
std::unique_ptr<Learner> make_learner(const config::Choice& choice);

/// The columns that `choice` keeps, best first.
std::vector<Eigen::Index> select_features(const config::Choice& choice, const Eigen::MatrixXd& features,
                                          const Target& target, uint64_t seed);

/// Mean and deviation of each column over the rows that have it.
struct Standardiser {
  Eigen::RowVectorXd mean, deviation;

  static Standardiser of(const Eigen::MatrixXd& features);
  /// (x - mean) / deviation; 0 for NaN and for columns that do not vary.
  Eigen::MatrixXd apply(const Eigen::MatrixXd& features) const;
};

nlohmann::json to_json(const Eigen::MatrixXd& matrix);
Eigen::MatrixXd matrix_from(const core::Learned& learned, Eigen::Index rows, Eigen::Index columns,
                            double least = -core::Learned::widest);
nlohmann::json to_json(const Standardiser& standardiser);
/// The random features of `kernel_ridge` are drawn anew, [features, components]: a small file may ask for a
/// large map. Error (data) at `place` when it takes more than half of the `available` bytes.
void require_room(int64_t components, int64_t features, int64_t available, const core::Learned& place);
Standardiser standardiser_from(const core::Learned& learned, Eigen::Index features);

std::unique_ptr<Learner> make_elastic_net(const config::Choice& choice);
std::unique_ptr<Learner> make_kernel_ridge(const config::Choice& choice);
std::unique_ptr<Learner> make_boosted_trees(const config::Choice& choice);
std::unique_ptr<Learner> make_random_forest(const config::Choice& choice);
std::unique_ptr<Learner> make_stack(const config::Choice& choice);

}  // namespace photo51::radiogenomics
