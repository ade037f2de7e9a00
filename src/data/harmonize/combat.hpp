#pragma once
/// ComBat (Johnson, Li and Rabinovic, Adjusting batch effects in microarray expression data using empirical
/// Bayes methods, Biostatistics 8(1), 2007), parametric: value = mean + effect of covariates + shift and
/// scale of the site. Shifts and scales are drawn towards what a site's other features have.

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

/// One case in place; `site` empty = a site that was not learned: nothing is taken out.
void apply_combat(const CombatModel& model, std::optional<int64_t> site, const Eigen::VectorXd& covariates,
                  Eigen::Ref<Eigen::VectorXd> values);

}  // namespace photo51::data
