#pragma once
/// ComBat (Johnson, Li and Rabinovic, Adjusting batch effects in microarray expression data using empirical
/// Bayes methods, Biostatistics 8(1), 2007), parametric: value = mean + effect of covariates + shift and
/// scale of the site. Shifts and scales are drawn towards what a site's other features have.

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/tables/moments.hpp"

namespace photo51::data {

struct CombatModel {
  Eigen::VectorXd mean, deviation;  ///< [features] over sites; the deviation is 0 where nothing varies
  Eigen::MatrixXd effect;           ///< [covariates, features]
  Eigen::MatrixXd shift, scale;     ///< [sites, features] in deviations; scale is a variance
  std::optional<int64_t> reference;
};

struct CombatData {
  Eigen::MatrixXd values;          ///< [cases, features]; NaN = unknown: takes no part and stays unknown
  std::vector<int64_t> site;       ///< by case, 0 ..
  std::vector<std::string> names;  ///< of the sites, for messages
  Eigen::MatrixXd covariates;      ///< [cases, covariates], their effect is kept; no constant column
};

/// A single feature has no others to be drawn towards: its shifts and scales stay as they are. Errors (data):
/// fewer than two sites; a site with fewer than two cases unless `mean_only`; covariates that the sites
/// determine, or that determine each other.
CombatModel fit_combat(const CombatData& data, bool mean_only, std::optional<int64_t> reference);

/// What ComBat without covariates asks of the cases: additive.
struct CombatSums {
  std::vector<std::string> sites{};             ///< in alphabetical order
  std::vector<int64_t> cases{};                 ///< by site
  std::vector<std::vector<Moments>> moments{};  ///< by site, feature; of the values that are known

  size_t features() const { return moments.empty() ? 0 : moments.front().size(); }
  CombatSums of_features(const std::vector<size_t>& features) const;
};
/// Of cases without covariates.
CombatSums combat_sums(const CombatData& data);
/// Those of all cases of both, to 1e-12, and of the sites of either. Error (usage): they are not of as many
/// features.
CombatSums merge(const CombatSums& a, const CombatSums& b);
/// The model that `fit_combat` of the cases themselves gives, but for rounding. Errors (data) as there.
CombatModel fit_combat(const CombatSums& sums, bool mean_only, std::optional<int64_t> reference);
/// What the features are like once all cases are harmonized.
std::vector<Moments> harmonized_moments(const CombatModel& model, const CombatSums& sums);

/// One case in place; `site` empty = a site that was not learned: nothing is taken out.
void apply_combat(const CombatModel& model, std::optional<int64_t> site, const Eigen::VectorXd& covariates,
                  Eigen::Ref<Eigen::VectorXd> values);

}  // namespace photo51::data
