#include "data/harmonize/harmonize.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/harmonize/combat.hpp"
#include "data/tables/categories.hpp"
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

/// A covariate's columns of the design: one of a number, (number - mean) / deviation; of a text one a value
/// but the first.
struct Covariate {
  std::string name;
  bool number = false;
  double mean = 0, deviation = 1;
  Categories values;

  std::string known_cell(const Cohort::Impl& cohort, size_t row) const {
    std::string cell = cell_of(cohort, row, name);
    if (cell.empty())
      core::fail_data("harmonize: covariate `" + name + "` of patient `" + cohort.ids[row] +
                      "` is blank; fill it in");
    return cell;
  }
  double number_of(const Cohort::Impl& cohort, size_t row) const {
    const std::string cell = known_cell(cohort, row);
    const auto value = core::parse_double(cell);
    if (!value || !core::fits_float(*value))
      core::fail_data("harmonize: covariate `" + name + "` of patient `" + cohort.ids[row] + "` is `" + cell +
                      "`, not a number as in training");
    return *value;
  }
  void add(const Cohort::Impl& cohort, size_t row, std::vector<double>& columns) const {
    if (number) {
      columns.push_back((number_of(cohort, row) - mean) / deviation);
      return;
    }
    const std::string cell = known_cell(cohort, row);
    if (std::find(values.begin(), values.end(), cell) == values.end())
      core::fail_data("harmonize: covariate `" + name + "` of patient `" + cohort.ids[row] + "` is `" + cell +
                      "`, which the training part does not have (" + told(values) + ")");
    for (size_t i = 1; i < values.size(); ++i) columns.push_back(cell == values[i] ? 1 : 0);
  }
};

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
    const std::string cell = covariate.known_cell(cohort, row);
    numbers += core::parse_double(cell).has_value();
    texts.insert(cell);
  }
  covariate.number = 2 * numbers > rows.size();  // a word among numbers is a mistake, which is reported
  if (!covariate.number) {
    covariate.values.assign(texts.begin(), texts.end());
    return covariate;
  }
  std::vector<double> all;
  for (const size_t row : rows) all.push_back(covariate.number_of(cohort, row));
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
  for (const auto& covariate : covariates) covariate.add(cohort, row, columns);
  return Eigen::Map<const Eigen::VectorXd>(columns.data(), static_cast<Eigen::Index>(columns.size()));
}

nlohmann::json to_json(const Eigen::MatrixXd& matrix) {
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
  Covariate covariate{name, learned.at("number").flag(), learned.at("mean").number(),
                      learned.at("deviation").number(), categories_from(learned.at("values"))};
  if (covariate.number && covariate.deviation <= 0) learned.at("deviation").fail("is not above 0");
  if (!covariate.number && covariate.values.empty()) learned.at("values").fail("holds nothing");
  return covariate;
}

}  // namespace

nlohmann::json fit_harmonizer(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& rows,
                              Eigen::MatrixXd& values) {
  const auto& options = cohort.inputs[input].second.harmonize;
  if (options.method == "none") return nullptr;
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
  const CombatModel model = fit_combat(data, options.mean_only, reference);
  for (size_t i = 0; i < rows.size(); ++i) {
    Eigen::VectorXd row = values.row(static_cast<Eigen::Index>(i));
    apply_combat(model, data.site[i], design[i], row);
    values.row(static_cast<Eigen::Index>(i)) = row;
  }

  auto learned = nlohmann::json::array();
  for (const auto& covariate : covariates) {
    learned.push_back({{"name", covariate.name},
                       {"number", covariate.number},
                       {"mean", covariate.mean},
                       {"deviation", covariate.deviation},
                       {"values", to_json(covariate.values)}});
    if (!covariate.number)
      learned.back()["counts"] = patients_with(cohort, rows, covariate.values,
                                               [&](size_t row) { return covariate.known_cell(cohort, row); });
  }
  return {{"sites", data.names},
          {"site_counts", patients_with(cohort, rows, Categories(data.names.begin(), data.names.end()),
                                        [&](size_t row) { return site_of(cohort, options, row); })},
          {"covariates", learned},
          {"mean", std::vector<double>(model.mean.begin(), model.mean.end())},
          {"deviation", std::vector<double>(model.deviation.begin(), model.deviation.end())},
          {"effect", to_json(model.effect)},
          {"shift", to_json(model.shift)},
          {"scale", to_json(model.scale)},
          {"reference", reference ? nlohmann::json(*reference) : nlohmann::json()}};
}

nlohmann::json of_features(nlohmann::json learned, const std::vector<size_t>& features) {
  const auto keep = [&](nlohmann::json& numbers) {
    auto kept = nlohmann::json::array();
    for (const size_t feature : features) kept.push_back(numbers.at(feature));
    numbers = std::move(kept);
  };
  for (const char* name : {"mean", "deviation"}) keep(learned.at(name));
  for (const char* name : {"effect", "shift", "scale"})
    for (auto& row : learned.at(name)) keep(row);
  return learned;
}

struct Harmonizer::Impl {
  const Cohort::Impl& cohort;
  HarmonizeOptions options;
  Categories sites;
  std::vector<Covariate> covariates;
  CombatModel model;
};

Harmonizer::Harmonizer(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted,
                       size_t features) {
  const auto& options = cohort.inputs[input].second.harmonize;
  if (options.method == "none") return;
  const auto learned = fitted.at("harmonize");
  auto made = std::make_shared<Impl>(Impl{cohort, options, categories_from(learned.at("sites")), {}, {}});
  const auto covariates = learned.at("covariates");
  if (covariates.size() != options.covariates.size())
    covariates.fail("holds " + std::to_string(covariates.size()) + " covariates and the config names " +
                    std::to_string(options.covariates.size()));
  size_t columns = 0;
  for (size_t i = 0; i < covariates.size(); ++i) {
    made->covariates.push_back(covariate_from(covariates.at(i), options.covariates[i]));
    columns += made->covariates.back().number ? 1 : made->covariates.back().values.size() - 1;
  }
  CombatModel& model = made->model;
  model.mean = vector_from(learned.at("mean").numbers(features));
  model.deviation = vector_from(learned.at("deviation").numbers(features, 0));
  model.effect = matrix_from(learned.at("effect"), columns, features);
  model.shift = matrix_from(learned.at("shift"), made->sites.size(), features);
  model.scale = matrix_from(learned.at("scale"), made->sites.size(), features);
  if (!(model.scale.array() > 0).all()) learned.at("scale").fail("holds a variance that is not above 0");
  if (learned.has("reference"))
    model.reference = learned.at("reference").whole(0, static_cast<int64_t>(made->sites.size()) - 1);
  impl_ = std::move(made);
}

void Harmonizer::apply(size_t row, std::vector<double>& values) const {
  if (!impl_) return;
  const auto& self = *impl_;
  const std::string site = site_of(self.cohort, self.options, row);
  const auto found = std::find(self.sites.begin(), self.sites.end(), site);
  if (found == self.sites.end()) {
    if (self.options.unseen_site == "standardise_only") return;
    core::fail_data(
        "harmonize: site `" + site + "` was not in the training part (" + told(self.sites) +
        "), so what it adds is not known; set harmonize.unseen_site: standardise_only to take its "
        "features as they are");
  }
  Eigen::Map<Eigen::VectorXd> mapped(values.data(), static_cast<Eigen::Index>(values.size()));
  apply_combat(self.model, std::distance(self.sites.begin(), found),
               design_row(self.cohort, self.covariates, row), mapped);
}

}  // namespace photo51::data
