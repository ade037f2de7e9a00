#include "data/harmonize/combat.hpp"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double converged = 1e-4;  ///< largest relative change of a step
constexpr int most_steps = 1000;

std::vector<int64_t> cases_of(const CombatData& data) {
  std::vector<int64_t> cases(data.names.size(), 0);
  for (const int64_t site : data.site) ++cases[static_cast<size_t>(site)];
  return cases;
}

void check_sites(const std::vector<std::string>& names, const std::vector<int64_t>& cases, bool mean_only) {
  if (names.size() < 2)
    core::fail_data("combat: the training part has one site only (`" + names.at(0) +
                    "`); there is nothing to harmonize");
  for (size_t site = 0; site < cases.size(); ++site)
    if (cases[site] < 2 && !mean_only)
      core::fail_data("combat: the training part has one patient of site `" + names[site] +
                      "`, which tells nothing of its scale; set harmonize.mean_only: true or leave the "
                      "patient out");
}

/// Sites one column each, then the covariates.
MatrixXd design_of(const CombatData& data) {
  const auto sites = static_cast<Index>(data.names.size());
  MatrixXd design = MatrixXd::Zero(data.values.rows(), sites + data.covariates.cols());
  for (Index i = 0; i < design.rows(); ++i) design(i, data.site[static_cast<size_t>(i)]) = 1;
  design.rightCols(data.covariates.cols()) = data.covariates;
  return design;
}

/// The rows in which feature `f` is known.
std::vector<Index> known_rows(const MatrixXd& values, Index f) {
  std::vector<Index> rows;
  for (Index i = 0; i < values.rows(); ++i)
    if (!std::isnan(values(i, f))) rows.push_back(i);
  return rows;
}

/// Least squares of every feature on the design over the rows in which it is known.
MatrixXd coefficients(const MatrixXd& design, const MatrixXd& values) {
  const Eigen::ColPivHouseholderQR<MatrixXd> whole(design);
  if (whole.rank() < design.cols())
    core::fail_data(
        "combat: the covariates cannot be told from the sites or from each other (every site has one value "
        "of "
        "a covariate, or two covariates say the same); leave some out");
  MatrixXd found(design.cols(), values.cols());
  for (Index f = 0; f < values.cols(); ++f) {
    const auto rows = known_rows(values, f);
    if (static_cast<Index>(rows.size()) == values.rows()) {
      found.col(f) = whole.solve(values.col(f));
    } else if (rows.empty()) {
      found.col(f).setZero();
    } else {
      // A site without a known value has no column here: the least-norm solution gives it 0.
      found.col(f) = MatrixXd(design(rows, Eigen::all))
                         .completeOrthogonalDecomposition()
                         .solve(VectorXd(values.col(f)(rows)));
    }
  }
  return found;
}

struct Spread {
  double count = 0, mean = 0, variance = 0;  ///< sample variance; 0 of fewer than two
};

template <class Values>
Spread spread_of(const Values& values) {
  Spread m;
  for (const double v : values)
    if (!std::isnan(v)) m.mean += v, m.count += 1;
  if (m.count > 0) m.mean /= m.count;
  for (const double v : values)
    if (!std::isnan(v)) m.variance += (v - m.mean) * (v - m.mean);
  m.variance = m.count > 1 ? m.variance / (m.count - 1) : 0;
  return m;
}

/// The site's own numbers, and what its features have in common.
struct Site {
  std::vector<double> count, shift, scale;  ///< by feature
  /// Of a feature's standardised values: their squared distances from `shift`, summed.
  std::function<double(size_t feature, double shift)> squares;
};

/// Posterior means of shift and scale given each other, in turn until they stay.
void shrink(Site& site, bool mean_only) {
  const Spread shifts = spread_of(site.shift), scales = spread_of(site.scale);
  if (site.shift.size() < 2) return;
  if (mean_only) {
    for (double& shift : site.shift) shift = (shifts.variance * shift + shifts.mean) / (shifts.variance + 1);
    return;
  }
  // Inverse gamma, its moments matched to the features' scales.
  const bool spread = scales.variance > 1e-12 * scales.mean * scales.mean;
  const double a = spread ? 2 + scales.mean * scales.mean / scales.variance : 0;
  const double b = spread ? scales.mean + std::pow(scales.mean, 3) / scales.variance : 0;
  const std::vector<double> own = site.shift;
  for (int step = 0; step < most_steps; ++step) {
    double change = 0;
    for (size_t f = 0; f < own.size(); ++f) {
      const double n = site.count[f];
      const double shift = (shifts.variance * n * own[f] + site.scale[f] * shifts.mean) /
                           (shifts.variance * n + site.scale[f]);
      const double scale = spread ? (0.5 * site.squares(f, shift) + b) / (n / 2 + a - 1) : scales.mean;
      const auto relative = [](double now, double before) {
        return now == before ? 0.0 : std::abs(now - before) / std::max(std::abs(before), 1e-12);
      };
      change = std::max({change, relative(shift, site.shift[f]), relative(scale, site.scale[f])});
      site.shift[f] = shift;
      site.scale[f] = scale;
    }
    if (change <= converged) return;
  }
}

/// A spread of rounding errors only is none.
bool varies(double deviation, double mean) {
  return deviation > 1e-12 * std::max(1.0, std::abs(mean));
}

void add_feature(Site& site, const Spread& standard, bool mean_only) {
  site.count.push_back(standard.count);
  site.shift.push_back(standard.mean);
  site.scale.push_back(mean_only || standard.variance == 0 ? 1 : standard.variance);
}

void set_site(CombatModel& model, Index s, const Site& site, const std::vector<Index>& features) {
  for (size_t k = 0; k < features.size(); ++k) {
    model.shift(s, features[k]) = site.shift[k];
    model.scale(s, features[k]) = site.scale[k];
  }
}

}  // namespace

CombatModel fit_combat(const CombatData& data, bool mean_only, std::optional<int64_t> reference) {
  check_sites(data.names, cases_of(data), mean_only);
  const MatrixXd& values = data.values;
  const Index features = values.cols(), sites = static_cast<Index>(data.names.size());
  const MatrixXd design = design_of(data);
  const MatrixXd found = coefficients(design, values);

  CombatModel model;
  model.reference = reference;
  model.effect = found.bottomRows(data.covariates.cols());
  model.mean = model.deviation = VectorXd::Zero(features);
  model.shift = MatrixXd::Zero(sites, features);
  model.scale = MatrixXd::Ones(sites, features);
  const MatrixXd residual = values - design * found;
  std::vector<Index> varying;
  for (Index f = 0; f < features; ++f) {
    double squares = 0, count = 0, known = 0;
    for (const Index i : known_rows(values, f)) {
      const int64_t site = data.site[static_cast<size_t>(i)];
      model.mean(f) += found(site, f);
      known += 1;
      if (reference && site != *reference) continue;
      squares += residual(i, f) * residual(i, f);
      count += 1;
    }
    if (known > 0) model.mean(f) /= known;
    if (reference) model.mean(f) = found(*reference, f);
    const double deviation = count > 0 ? std::sqrt(squares / count) : 0;
    if (!varies(deviation, model.mean(f))) continue;
    model.deviation(f) = deviation;
    varying.push_back(f);
  }
  const MatrixXd fitted = data.covariates * model.effect;
  for (Index s = 0; s < sites; ++s) {
    if (reference && s == *reference) continue;
    Site site;
    std::vector<Index> seen;                     // features of which this site has values
    std::vector<std::vector<double>> values_of;  // standardised, known ones only
    for (const Index f : varying) {
      std::vector<double> standard;
      for (const Index i : known_rows(values, f))
        if (data.site[static_cast<size_t>(i)] == s)
          standard.push_back((values(i, f) - model.mean(f) - fitted(i, f)) / model.deviation(f));
      if (standard.empty()) continue;
      seen.push_back(f);
      add_feature(site, spread_of(standard), mean_only);
      values_of.push_back(std::move(standard));
    }
    site.squares = [&values_of](size_t feature, double shift) {
      double squares = 0;
      for (const double v : values_of[feature]) squares += (v - shift) * (v - shift);
      return squares;
    };
    shrink(site, mean_only);
    set_site(model, s, site, seen);
  }
  return model;
}

CombatSums CombatSums::of_features(const std::vector<size_t>& some) const {
  CombatSums sums{sites, cases, {}};
  for (const auto& of_site : moments) {
    sums.moments.emplace_back();
    for (const size_t feature : some) sums.moments.back().push_back(of_site[feature]);
  }
  return sums;
}

CombatSums combat_sums(const CombatData& data) {
  CombatSums sums{data.names, cases_of(data), {}};
  for (Index s = 0; s < static_cast<Index>(data.names.size()); ++s) {
    sums.moments.emplace_back();
    for (Index f = 0; f < data.values.cols(); ++f) {
      std::vector<double> values;
      for (Index i = 0; i < data.values.rows(); ++i)
        if (data.site[static_cast<size_t>(i)] == s) values.push_back(data.values(i, f));
      sums.moments.back().push_back(moments(values));
    }
  }
  return sums;
}

CombatSums merge(const CombatSums& a, const CombatSums& b) {
  if (a.features() != b.features())
    core::fail_usage("the parts have different features; fit both with one config");
  std::map<std::string, std::pair<int64_t, std::vector<Moments>>> all;
  for (const CombatSums* part : {&a, &b})
    for (size_t s = 0; s < part->sites.size(); ++s) {
      const auto [site, is_new] = all.emplace(part->sites[s], std::pair(part->cases[s], part->moments[s]));
      if (is_new) continue;
      auto& [cases, of_features] = site->second;
      cases += part->cases[s];
      for (size_t f = 0; f < of_features.size(); ++f)
        of_features[f] = data::merge(of_features[f], part->moments[s][f]);
    }
  CombatSums both;
  for (auto& [name, site] : all) {
    both.sites.push_back(name);
    both.cases.push_back(site.first);
    both.moments.push_back(std::move(site.second));
  }
  return both;
}

CombatModel fit_combat(const CombatSums& sums, bool mean_only, std::optional<int64_t> reference) {
  check_sites(sums.sites, sums.cases, mean_only);
  const auto sites = static_cast<Index>(sums.sites.size()), features = static_cast<Index>(sums.features());
  const auto of = [&](Index s, Index f) {
    return sums.moments[static_cast<size_t>(s)][static_cast<size_t>(f)];
  };
  CombatModel model;
  model.reference = reference;
  model.effect = MatrixXd::Zero(0, features);
  model.mean = model.deviation = VectorXd::Zero(features);
  model.shift = MatrixXd::Zero(sites, features);
  model.scale = MatrixXd::Ones(sites, features);
  std::vector<Index> varying;
  for (Index f = 0; f < features; ++f) {
    double squares = 0, count = 0, known = 0;
    for (Index s = 0; s < sites; ++s) {
      const Moments m = of(s, f);
      const auto n = static_cast<double>(*m.count);
      model.mean(f) += n * m.mean;
      known += n;
      if (reference && s != *reference) continue;
      squares += n * m.deviation * m.deviation;
      count += n;
    }
    if (known > 0) model.mean(f) /= known;
    if (reference) model.mean(f) = of(*reference, f).mean;
    const double deviation = count > 0 ? std::sqrt(squares / count) : 0;
    if (!varies(deviation, model.mean(f))) continue;
    model.deviation(f) = deviation;
    varying.push_back(f);
  }
  for (Index s = 0; s < sites; ++s) {
    if (reference && s == *reference) continue;
    Site site;
    std::vector<Index> seen;
    std::vector<Spread> standard;
    for (const Index f : varying) {
      const Moments m = of(s, f);
      const auto n = static_cast<double>(*m.count);
      if (n == 0) continue;
      const double spread = m.deviation / model.deviation(f);
      standard.push_back(
          {n, (m.mean - model.mean(f)) / model.deviation(f), n > 1 ? n / (n - 1) * spread * spread : 0});
      seen.push_back(f);
      add_feature(site, standard.back(), mean_only);
    }
    site.squares = [&standard](size_t feature, double shift) {
      const Spread& m = standard[feature];
      return m.variance * (m.count - 1) + m.count * (m.mean - shift) * (m.mean - shift);
    };
    shrink(site, mean_only);
    set_site(model, s, site, seen);
  }
  return model;
}

std::vector<Moments> harmonized_moments(const CombatModel& model, const CombatSums& sums) {
  std::vector<Moments> harmonized(sums.features(), Moments{0, 0, 0});
  for (size_t s = 0; s < sums.sites.size(); ++s)
    for (size_t f = 0; f < harmonized.size(); ++f) {
      Moments of_site = sums.moments[s][f];
      const auto site = static_cast<Index>(s), feature = static_cast<Index>(f);
      if (*of_site.count > 0 && model.deviation(feature) > 0 && static_cast<int64_t>(s) != model.reference) {
        const double standard = (of_site.mean - model.mean(feature)) / model.deviation(feature);
        of_site.mean = (standard - model.shift(site, feature)) / std::sqrt(model.scale(site, feature)) *
                           model.deviation(feature) +
                       model.mean(feature);
        of_site.deviation /= std::sqrt(model.scale(site, feature));
      }
      harmonized[f] = data::merge(harmonized[f], of_site);
    }
  return harmonized;
}

void apply_combat(const CombatModel& model, std::optional<int64_t> site, const VectorXd& covariates,
                  Eigen::Ref<VectorXd> values) {
  if (!site || site == model.reference) return;
  for (Index f = 0; f < values.size(); ++f) {
    if (model.deviation(f) == 0) continue;
    const double expected = model.mean(f) + covariates.dot(model.effect.col(f));
    const double standard = (values(f) - expected) / model.deviation(f);
    values(f) =
        (standard - model.shift(*site, f)) / std::sqrt(model.scale(*site, f)) * model.deviation(f) + expected;
  }
}

}  // namespace photo51::data
