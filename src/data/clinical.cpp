#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "data/cells.hpp"
#include "data/harmonize.hpp"
#include "data/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;

double number(const Cohort::Impl& cohort, size_t row, size_t column) {
  const std::string& cell = cohort.cell(row, column);
  if (is_blank(cell)) return NAN;
  const auto value = core::parse_double(cell);
  if (!value || !std::isfinite(*value))
    core::fail_data(cohort.where(row, column) + ": `" + cell +
                    "` is not a number, as this column is elsewhere; leave it blank when it is unknown");
  return *value;
}

nlohmann::json fit_column(const Cohort::Impl& cohort, const std::string& name, size_t column,
                          const std::vector<size_t>& train) {
  size_t numbers = 0, known = 0;
  std::set<std::string> texts;
  for (const size_t row : train) {
    const std::string& cell = cohort.cell(row, column);
    if (is_blank(cell)) continue;
    ++known;
    numbers += core::parse_double(cell).has_value();
    texts.insert(cell);
  }
  if (known == 0)
    core::fail_data("column `" + cohort.table.columns[column] + "` is blank for every training patient");
  if (2 * numbers > known) {  // a word among numbers is a mistake, which `number` reports
    std::vector<double> values;
    for (const size_t row : train) values.push_back(number(cohort, row, column));
    const auto learnt = moments(values);
    return {{"name", name}, {"kind", "number"}, {"mean", learnt.mean}, {"deviation", learnt.deviation}};
  }
  return {{"name", name}, {"kind", "text"}, {"values", Names(texts.begin(), texts.end())}};
}

/// The numeric columns of one patient; NaN = unknown.
std::vector<double> numbers_of(const Cohort::Impl& cohort, size_t input, const nlohmann::json& columns,
                               size_t row) {
  std::vector<double> numbers;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].at("kind") != "number") continue;
    const auto column = cohort.columns[input].clinical[i];
    numbers.push_back(column ? number(cohort, row, *column) : NAN);
  }
  return numbers;
}

/// Harmonizes the numeric columns together and learns their moments again.
void harmonize_numbers(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train,
                       nlohmann::json& fitted) {
  auto& columns = fitted["columns"];
  std::vector<size_t> rows;
  for (const size_t row : train)
    if (cohort.has_input(input, row)) rows.push_back(row);
  const auto count = numbers_of(cohort, input, columns, rows.at(0)).size();
  if (count == 0) core::fail_data("harmonize: none of the columns is numeric");
  Eigen::MatrixXd values(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(count));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto numbers = numbers_of(cohort, input, columns, rows[i]);
    values.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(numbers.data(), values.cols());
  }
  fitted["harmonize"] = fit_harmonizer(cohort, input, rows, values);
  Eigen::Index at = 0;
  for (auto& column : columns) {
    if (column.at("kind") != "number") continue;
    const auto harmonized = values.col(at++);
    const auto learnt = moments(std::vector<double>(harmonized.begin(), harmonized.end()));
    column["mean"] = learnt.mean;
    column["deviation"] = learnt.deviation;
  }
}

nlohmann::json fit_clinical(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  const auto& options = cohort.inputs[input].second;
  auto columns = nlohmann::json::array();
  for (size_t i = 0; i < options.columns.size(); ++i)
    columns.push_back(
        fit_column(cohort, options.columns[i], cohort.columns[input].clinical[i].value(), train));
  nlohmann::json fitted{{"columns", columns}};
  if (options.harmonize.method != "none") harmonize_numbers(cohort, input, train, fitted);
  return fitted;
}

Names clinical_features(const nlohmann::json& fitted) {
  Names names;
  for (const auto& column : fitted.at("columns")) {
    const auto name = column.at("name").get<std::string>();
    if (column.at("kind") == "number") {
      names.push_back(name);
      names.push_back(name + "_missing");
    } else {
      for (const auto& value : column.at("values")) names.push_back(name + "=" + value.get<std::string>());
    }
  }
  return names;
}

RowReader read_clinical(const Cohort::Impl& cohort, size_t input, const nlohmann::json& fitted) {
  const auto learnt = std::make_shared<const nlohmann::json>(fitted.at("columns"));
  const Harmonizer harmonizer(cohort, input, fitted);
  return [&cohort, input, learnt, harmonizer](size_t row) {
    std::vector<float> values;
    auto numbers = numbers_of(cohort, input, *learnt, row);
    harmonizer.apply(row, numbers);
    auto next = numbers.begin();
    for (size_t i = 0; i < learnt->size(); ++i) {
      const auto& fit = (*learnt)[i];
      const auto column = cohort.columns[input].clinical[i];
      if (fit.at("kind") == "number") {
        const double value = *next++;
        values.push_back(
            z_score(value, fit.at("mean"), fit.at("deviation"), cohort.inputs[input].second.clip));
        values.push_back(std::isnan(value) ? 1 : 0);
        continue;
      }
      const std::string cell =
          column && !is_blank(cohort.cell(row, *column)) ? cohort.cell(row, *column) : "";
      bool found = false;
      for (const auto& name : fit.at("values")) {
        const bool is_this = !cell.empty() && name == cell;
        found = found || is_this;
        values.push_back(is_this ? 1 : 0);
      }
      if (!cell.empty() && !found)
        core::log_warning(cohort.where(row, *column) + ": `" + cell +
                          "` was not seen in training and counts as unknown");
    }
    return values;
  };
}

}  // namespace

const Tabular clinical{"clinical", fit_clinical, clinical_features, read_clinical};

}  // namespace photo51::data
