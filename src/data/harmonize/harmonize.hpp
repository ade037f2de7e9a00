#pragma once
/// The `harmonize:` section of inputs that are a row of numbers.

#include <Eigen/Core>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/learned.hpp"
#include "data/cohort/cohort_impl.hpp"

namespace photo51::data {

/// Learns from the values [rows, features] (NaN = unknown) of the training `rows` and harmonizes them in
/// place; what was learned is for `Harmonizer`. Null when `harmonize.method` is none. Errors (usage): a
/// column that the manifest lacks, a covariate that is a label. Errors (data): no site, a covariate that is
/// unknown or not a number, and those of `fit_combat`.
nlohmann::json fit_harmonizer(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& rows,
                              Eigen::MatrixXd& values);

/// What was learned, of these features only.
nlohmann::json of_features(nlohmann::json learned, const std::vector<size_t>& features);

/// Harmonizes one row's features with what was learned. It may be used from several threads.
class Harmonizer {
 public:
  /// `fitted` is the input's, of `features` features; with `harmonize.method: none` nothing is changed. Error
  /// (data): what was learned is not of these features, sites or covariates.
  Harmonizer(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted, size_t features);
  /// Errors (data): a site that was not in the training part (unless `unseen_site: standardise_only`), no
  /// site, a covariate that is unknown or that has a value not seen in training.
  void apply(size_t row, std::vector<double>& values) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace photo51::data
