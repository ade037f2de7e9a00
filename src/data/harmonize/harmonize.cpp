#include "data/harmonize/harmonize.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cohort/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

std::string cell_of(const Cohort::Impl& cohort, size_t row, const std::string& column) {
  const auto found = cohort.table.find(column);
  if (!found)
    core::fail_usage("harmonize: there is no column `" + column + "` in " + cohort.table.source +
                     core::suggest(column, cohort.table.columns));
  const std::string& cell = cohort.cell(row, *found);
  return is_blank(cell) ? "" : cell;
}

std::string site_of(const Cohort::Impl& cohort, const HarmonizeOptions& options, size_t row) {
  std::string site = options.by == "site" ? cohort.sites[row] : cell_of(cohort, row, options.by);
  if (site.empty())
    core::fail_data("harmonize: the site of patient `" + cohort.ids[row] +
                    "` is not known; fill in column `" +
                    (options.by == "site" ? cohort.options.site : options.by) + "`");
  return site;
}

std::string known_cell(const Covariate& covariate, const Cohort::Impl& cohort, size_t row) {
  std::string cell = cell_of(cohort, row, covariate.name);
  if (cell.empty())
    core::fail_data("harmonize: covariate `" + covariate.name + "` of patient `" + cohort.ids[row] +
                    "` is blank; fill it in");
  return cell;
}

double number_of(const Covariate& covariate, const Cohort::Impl& cohort, size_t row) {
  const std::string cell = known_cell(covariate, cohort, row);
  const auto value = core::parse_double(cell);
  if (!value || !core::fits_float(*value))
    core::fail_data("harmonize: covariate `" + covariate.name + "` of patient `" + cohort.ids[row] +
                    "` is `" + cell + "`, not a number as in training");
  return *value;
}

void add_columns(const Covariate& covariate, const Cohort::Impl& cohort, size_t row,
                 std::vector<double>& columns) {
  if (covariate.number) {
    columns.push_back((number_of(covariate, cohort, row) - covariate.mean) / covariate.deviation);
    return;
  }
  const std::string cell = known_cell(covariate, cohort, row);
  const auto& values = covariate.values.names;
  if (std::find(values.begin(), values.end(), cell) == values.end())
    core::fail_data("harmonize: covariate `" + covariate.name + "` of patient `" + cohort.ids[row] +
                    "` is `" + cell + "`, which the training part does not have (" + told(values) + ")");
  for (size_t i = 1; i < values.size(); ++i) columns.push_back(cell == values[i] ? 1 : 0);
}

Covariate fit_covariate(const Cohort::Impl& cohort, const std::string& name,
                        const std::vector<size_t>& rows) {
  for (const auto& label : cohort.labels)
    if (label.column == name || label.event_column == name)
      core::fail_usage("harmonize: covariate `" + name + "` is what head `" + label.head +
                       "` is to predict; a new patient's is not known");
  Covariate covariate;
  covariate.name = name;
  std::set<std::string> texts;
  size_t numbers = 0;
  for (const size_t row : rows) {
    const std::string cell = known_cell(covariate, cohort, row);
    numbers += core::parse_double(cell).has_value();
    texts.insert(cell);
  }
  covariate.number = 2 * numbers > rows.size();  // a word among numbers is a mistake, which is reported
  if (!covariate.number) {
    covariate.values.names.assign(texts.begin(), texts.end());
    covariate.values.counts = patients_with(cohort, rows, covariate.values.names,
                                            [&](size_t row) { return known_cell(covariate, cohort, row); });
    return covariate;
  }
  std::vector<double> all;
  for (const size_t row : rows) all.push_back(number_of(covariate, cohort, row));
  double squares = 0;
  for (const double value : all) covariate.mean += value / static_cast<double>(all.size());
  for (const double value : all) squares += (value - covariate.mean) * (value - covariate.mean);
  covariate.deviation = std::sqrt(squares / static_cast<double>(all.size()));
  if (covariate.deviation == 0)
    core::fail_data("harmonize: covariate `" + name + "` is the same for every training patient");
  return covariate;
}

Eigen::VectorXd design_row(const Cohort::Impl& cohort, const std::vector<Covariate>& covariates, size_t row) {
  std::vector<double> columns;
  for (const auto& covariate : covariates) add_columns(covariate, cohort, row, columns);
  return Eigen::Map<const Eigen::VectorXd>(columns.data(), static_cast<Eigen::Index>(columns.size()));
}

nlohmann::json rows_of(const Eigen::MatrixXd& matrix) {
  auto rows = nlohmann::json::array();
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    const Eigen::VectorXd row = matrix.row(i);
    rows.push_back(std::vector<double>(row.begin(), row.end()));
  }
  return rows;
}

Eigen::MatrixXd matrix_from(const core::Learned& learned, size_t rows, size_t columns) {
  if (learned.size() != rows)
    learned.fail("holds " + std::to_string(learned.size()) + " rows where " + std::to_string(rows) +
                 " are needed");
  Eigen::MatrixXd matrix(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  for (size_t i = 0; i < rows; ++i) {
    const auto row = learned.at(i).numbers(columns);
    matrix.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(row.data(), matrix.cols());
  }
  return matrix;
}

Eigen::VectorXd vector_from(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

Covariate covariate_from(const core::Learned& learned, const std::string& name) {
  if (const auto told = learned.at("name").text(); told != name)
    learned.at("name").fail("`" + told + "` where the config has the covariate `" + name + "`");
  Covariate covariate{name,
                      learned.at("number").flag(),
                      learned.at("mean").number(),
                      learned.at("deviation").number(),
                      {categories_from(learned.at("values")), {}}};
  if (covariate.number && covariate.deviation <= 0) learned.at("deviation").fail("is not above 0");
  if (!covariate.number && covariate.values.names.empty()) learned.at("values").fail("holds nothing");
  covariate.values.counts = counts_from(learned, "counts", covariate.values.names.size());
  return covariate;
}

}  // namespace

std::optional<FittedHarmonizer> fit_harmonizer(const Cohort::Impl& cohort, size_t input,
                                               const std::vector<size_t>& rows, Eigen::MatrixXd& values) {
  const HarmonizeOptions& options = cohort.number_options(input).harmonize;
  if (options.method == HarmonizeMethod::none) return std::nullopt;
  std::vector<Covariate> covariates;
  for (const auto& name : options.covariates) covariates.push_back(fit_covariate(cohort, name, rows));
  std::set<std::string> sites;
  for (const size_t row : rows) sites.insert(site_of(cohort, options, row));

  CombatData data;
  data.values = values;
  data.names.assign(sites.begin(), sites.end());
  std::vector<Eigen::VectorXd> design;
  for (const size_t row : rows) {
    data.site.push_back(std::distance(sites.begin(), sites.find(site_of(cohort, options, row))));
    design.push_back(design_row(cohort, covariates, row));
  }
  data.covariates.resize(values.rows(), design.at(0).size());
  for (size_t i = 0; i < design.size(); ++i) data.covariates.row(static_cast<Eigen::Index>(i)) = design[i];
  std::optional<int64_t> reference;
  if (!options.reference.empty()) {
    const auto found = sites.find(options.reference);
    if (found == sites.end())
      core::fail_data("harmonize: the reference site `" + options.reference +
                      "` is not in the training part" + core::suggest(options.reference, data.names));
    reference = std::distance(sites.begin(), found);
  }
  FittedHarmonizer fitted;
  fitted.model = fit_combat(data, options.mean_only, reference);
  fitted.mean_only = options.mean_only;
  if (covariates.empty()) fitted.sums = combat_sums(data);
  for (size_t i = 0; i < rows.size(); ++i) {
    Eigen::VectorXd row = values.row(static_cast<Eigen::Index>(i));
    apply_combat(fitted.model, data.site[i], design[i], row);
    values.row(static_cast<Eigen::Index>(i)) = row;
  }
  fitted.covariates = std::move(covariates);
  fitted.sites.names.assign(sites.begin(), sites.end());
  fitted.sites.counts = patients_with(cohort, rows, fitted.sites.names,
                                      [&](size_t row) { return site_of(cohort, options, row); });
  return fitted;
}

std::optional<FittedHarmonizer> harmonizer_from(const core::Learned& fitted, const HarmonizeOptions& options,
                                                size_t features) {
  if (options.method == HarmonizeMethod::none) return std::nullopt;
  const auto learned = fitted.at("harmonize");
  FittedHarmonizer harmonizer;
  harmonizer.sites.names = categories_from(learned.at("sites"));
  const auto covariates = learned.at("covariates");
  if (covariates.size() != options.covariates.size())
    covariates.fail("holds " + std::to_string(covariates.size()) + " covariates and the config names " +
                    std::to_string(options.covariates.size()));
  size_t columns = 0;
  for (size_t i = 0; i < covariates.size(); ++i) {
    harmonizer.covariates.push_back(covariate_from(covariates.at(i), options.covariates[i]));
    const Covariate& covariate = harmonizer.covariates.back();
    columns += covariate.number ? 1 : covariate.values.names.size() - 1;
  }
  CombatModel& model = harmonizer.model;
  const size_t sites = harmonizer.sites.names.size();
  model.mean = vector_from(learned.at("mean").numbers(features));
  model.deviation = vector_from(learned.at("deviation").numbers(features, 0));
  model.effect = matrix_from(learned.at("effect"), columns, features);
  model.shift = matrix_from(learned.at("shift"), sites, features);
  model.scale = matrix_from(learned.at("scale"), sites, features);
  if (!(model.scale.array() > 0).all()) learned.at("scale").fail("holds a variance that is not above 0");
  if (learned.has("reference"))
    model.reference = learned.at("reference").whole(0, static_cast<int64_t>(sites) - 1);
  harmonizer.sites.counts = counts_from(learned, "site_counts", sites);
  return harmonizer;
}

nlohmann::json FittedHarmonizer::to_json() const {
  auto listed = nlohmann::json::array();
  for (const auto& covariate : covariates) {
    nlohmann::json one{{"name", covariate.name},
                       {"number", covariate.number},
                       {"mean", covariate.mean},
                       {"deviation", covariate.deviation}};
    add_to(one, covariate.values, "values", "counts");
    listed.push_back(std::move(one));
  }
  nlohmann::json json{{"covariates", listed},
                      {"mean", std::vector<double>(model.mean.begin(), model.mean.end())},
                      {"deviation", std::vector<double>(model.deviation.begin(), model.deviation.end())},
                      {"effect", rows_of(model.effect)},
                      {"shift", rows_of(model.shift)},
                      {"scale", rows_of(model.scale)},
                      {"reference", model.reference ? nlohmann::json(*model.reference) : nlohmann::json()}};
  add_to(json, sites, "sites", "site_counts");
  return json;
}

FittedHarmonizer FittedHarmonizer::of_features(const std::vector<size_t>& features) const {
  const std::vector<Eigen::Index> kept(features.begin(), features.end());
  FittedHarmonizer some = *this;
  if (sums) some.sums = sums->of_features(features);
  some.model.mean = model.mean(kept);
  some.model.deviation = model.deviation(kept);
  some.model.effect = model.effect(Eigen::all, kept);
  some.model.shift = model.shift(Eigen::all, kept);
  some.model.scale = model.scale(Eigen::all, kept);
  return some;
}

void FittedHarmonizer::visit(const VisitCategories& visit) {
  visit("harmonize.by", sites);
  for (auto& covariate : covariates)
    if (!covariate.number) visit("harmonize.covariates `" + covariate.name + "`", covariate.values);
}

FittedHarmonizer merge(const FittedHarmonizer& a, const FittedHarmonizer& b) {
  if (!a.covariates.empty() || !b.covariates.empty())
    core::fail_usage(
        "harmonize.covariates are coded by each part's own values, and what was learned with them cannot be "
        "added up; leave them out, or harmonize the table before it is read");
  if (!a.sums || !b.sums) fail_without_counts();
  FittedHarmonizer both;
  both.sites = merge(a.sites, b.sites);
  both.sums = merge(*a.sums, *b.sums);
  both.mean_only = a.mean_only;
  std::optional<int64_t> reference;
  if (a.model.reference) {
    const auto& names = both.sums->sites;
    const auto& name = a.sums->sites[static_cast<size_t>(*a.model.reference)];
    reference = std::distance(names.begin(), std::find(names.begin(), names.end(), name));
  }
  both.model = fit_combat(*both.sums, both.mean_only, reference);
  return both;
}

std::optional<FittedHarmonizer> merge(const std::optional<FittedHarmonizer>& a,
                                      const std::optional<FittedHarmonizer>& b) {
  if (a.has_value() != b.has_value())
    core::fail_usage("only one of the parts was harmonized; fit both with one config");
  return a ? std::optional(merge(*a, *b)) : std::nullopt;
}

struct Harmonizer::Impl {
  const Cohort::Impl& cohort;
  HarmonizeOptions options;
  FittedHarmonizer fitted;
};

Harmonizer::Harmonizer(const Cohort::Impl& cohort, size_t input,
                       const std::optional<FittedHarmonizer>& fitted) {
  if (fitted)
    impl_ = std::make_shared<const Impl>(Impl{cohort, cohort.number_options(input).harmonize, *fitted});
}

void Harmonizer::apply(size_t row, std::vector<double>& values) const {
  if (!impl_) return;
  const auto& self = *impl_;
  const std::string site = site_of(self.cohort, self.options, row);
  const auto& sites = self.fitted.sites.names;
  const auto found = std::find(sites.begin(), sites.end(), site);
  if (found == sites.end()) {
    if (self.options.unseen_site == UnseenSite::standardise_only) return;
    core::fail_data(
        "harmonize: site `" + site + "` was not in the training part (" + told(sites) +
        "), so what it adds is not known; set harmonize.unseen_site: standardise_only to take its "
        "features as they are");
  }
  Eigen::Map<Eigen::VectorXd> mapped(values.data(), static_cast<Eigen::Index>(values.size()));
  apply_combat(self.fitted.model, std::distance(sites.begin(), found),
               design_row(self.cohort, self.fitted.covariates, row), mapped);
}

}  // namespace photo51::data
