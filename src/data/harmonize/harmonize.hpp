#pragma once
/// The `harmonize:` section of inputs that are a row of numbers.

#include <Eigen/Core>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/learned.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/harmonize/combat.hpp"
#include "data/tables/categories.hpp"

namespace photo51::data {

/// A covariate's columns of the design: one of a number, (number - mean) / deviation; of a text one a value
/// but the first.
struct Covariate {
  std::string name;
  bool number = false;
  double mean = 0, deviation = 1;
  CategoryList values{};
};

/// What was learned of some features.
struct FittedHarmonizer {
  CategoryList sites{};
  std::vector<Covariate> covariates{};
  CombatModel model{};
  /// What it is made of, and how; only without covariates. A file does not keep these.
  std::optional<CombatSums> sums{};
  bool mean_only = false;

  nlohmann::json to_json() const;
  /// Of these features only.
  FittedHarmonizer of_features(const std::vector<size_t>& features) const;
  void visit(const VisitCategories& visit);
};

/// Learns from the values [rows, features] (NaN = unknown) of the training `rows` and harmonizes them in
/// place. Nothing when `harmonize.method` is none. Errors (usage): a column that the manifest lacks, a
/// covariate that is a label. Errors (data): no site, a covariate that is unknown or not a number, and those
/// of `fit_combat`.
std::optional<FittedHarmonizer> fit_harmonizer(const Cohort::Impl& cohort, size_t input,
                                               const std::vector<size_t>& rows, Eigen::MatrixXd& values);

/// The part `harmonize` of what was fitted for an input of `features` features; nothing with
/// `harmonize.method: none`. Error (data): it is not of these features, sites or covariates.
std::optional<FittedHarmonizer> harmonizer_from(const core::Learned& fitted, const HarmonizeOptions& options,
                                                size_t features);

/// Of both parts' cases, learned from their sums: but for rounding what `fit_harmonizer` learns of all of
/// them. Error (usage): covariates, which each part codes by its own values; sums that are not there.
FittedHarmonizer merge(const FittedHarmonizer& a, const FittedHarmonizer& b);
/// The same where neither part may be harmonized; nothing then. Error (usage): only one is.
std::optional<FittedHarmonizer> merge(const std::optional<FittedHarmonizer>& a,
                                      const std::optional<FittedHarmonizer>& b);

/// Harmonizes one row's features with what was learned; without that nothing is changed. It may be used from
/// several threads.
class Harmonizer {
 public:
  Harmonizer(const Cohort::Impl& cohort, size_t input, const std::optional<FittedHarmonizer>& fitted);
  /// Errors (data): a site that was not in the training part (unless `unseen_site: standardise_only`), no
  /// site, a covariate that is unknown or that has a value not seen in training.
  void apply(size_t row, std::vector<double>& values) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace photo51::data
