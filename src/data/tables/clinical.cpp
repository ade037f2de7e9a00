#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/harmonize/harmonize.hpp"
#include "data/tables/categories.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;

double number(const Cohort::Impl& cohort, size_t row, size_t column) {
  const std::string& cell = cohort.cell(row, column);
  if (is_blank(cell)) return NAN;
  const auto value = core::parse_double(cell);
  if (value && !core::fits_float(*value))
    core::fail_data(
        cohort.where(row, column) + ": `" + cell +
        "` is not a finite number of at most 3.4e38, the largest that models compute with; correct "
        "it, or leave it blank when it is unknown");
  if (!value)
    core::fail_data(cohort.where(row, column) + ": `" + cell +
                    "` is not a number, as this column is elsewhere; " +
                    (core::has_decimal_comma(cell) ? "write its decimals with a point"
                                                   : "leave it blank when it is unknown"));
  return *value;
}

/// What the cells of a column look like.
struct Contents {
  size_t known = 0, numbers = 0, commas = 0, dates = 0;
  size_t first_comma = 0, first_date = 0;  ///< rows
  std::set<std::string> words;

  bool is_number() const { return 2 * numbers > known; }  // a word among numbers is a mistake
};

Contents contents_of(const Cohort::Impl& cohort, size_t column, const std::vector<size_t>& rows) {
  Contents found;
  for (const size_t row : rows) {
    const std::string& cell = cohort.cell(row, column);
    if (is_blank(cell)) continue;
    ++found.known;
    found.words.insert(cell);
    if (core::parse_double(cell)) {
      ++found.numbers;
    } else if (core::has_decimal_comma(cell)) {
      if (found.commas++ == 0) found.first_comma = row;
    } else if (core::is_date(cell)) {
      if (found.dates++ == 0) found.first_date = row;
    }
  }
  return found;
}

/// Error where one category a number, a day or a patient would be made.
void check_contents(const Cohort::Impl& cohort, size_t column, const Contents& found) {
  const auto shown = [&](size_t row) {
    return cohort.where(row, column) + ": `" + cohort.cell(row, column) + "`";
  };
  if (found.commas > 0 && 2 * (found.numbers + found.commas) > found.known)
    core::fail_data(
        shown(found.first_comma) + " has a decimal comma (" + std::to_string(found.commas) +
        " such cell(s)); write decimals with a point, or separate the file's columns by semicolons");
  if (found.dates > 0 && 2 * found.dates > found.known)
    core::fail_data(
        shown(found.first_date) +
        " is a date, which is neither a number nor a category; write a number, such as an age or a "
        "time in days, or leave the column out");
}

nlohmann::json fit_column(const Cohort::Impl& cohort, const std::string& name, size_t column,
                          const std::vector<size_t>& train) {
  const Contents found = contents_of(cohort, column, train);
  if (found.known == 0)
    core::fail_data("column `" + cohort.table.columns[column] + "` is blank for every training patient");
  check_contents(cohort, column, found);
  if (found.is_number()) {
    std::vector<double> values;
    for (const size_t row : train) values.push_back(number(cohort, row, column));
    const auto learned = moments(values);
    return {{"name", name}, {"kind", "number"}, {"mean", learned.mean}, {"deviation", learned.deviation}};
  }
  constexpr size_t few = 10;  // patients, of which nothing can be said
  if (found.known >= few && 5 * found.words.size() > 4 * found.known)
    core::fail_data("column `" + cohort.table.columns[column] + "` holds " +
                    std::to_string(found.words.size()) + " words for " + std::to_string(found.known) +
                    " training patients (such as `" + *found.words.begin() +
                    "`), so it tells who a patient is; a category is shared by many. Leave the column out");
  if (found.known >= few && 2 * found.words.size() > found.known)
    cohort.note({"", "", cohort.table.source,
                 "column `" + cohort.table.columns[column] + "` holds " + std::to_string(found.words.size()) +
                     " words for " + std::to_string(found.known) +
                     " training patients; most categories have one patient, and teach nothing"});
  const Categories values(found.words.begin(), found.words.end());
  const auto counts =
      patients_with(cohort, train, values, [&](size_t row) { return cohort.cell(row, column); });
  return {{"name", name}, {"kind", "text"}, {"values", to_json(values)}, {"counts", counts}};
}

/// What was learned of a column.
struct Column {
  std::string name;
  bool number = false;
  Moments moments;    ///< of a number
  Categories values;  ///< of a text
};

std::vector<Column> columns_from(const core::Learned& fitted) {
  const auto told = fitted.at("columns");
  std::vector<Column> columns;
  for (size_t i = 0; i < told.size(); ++i) {
    const auto one = told.at(i);
    Column column{one.at("name").text(), one.at("kind").text() == "number", {}, {}};
    if (column.number)
      column.moments = {one.at("mean").number(), one.at("deviation").number(0)};
    else if (one.at("kind").text() == "text")
      column.values = categories_from(one.at("values"));
    else
      one.at("kind").fail("is neither `number` nor `text`");
    columns.push_back(std::move(column));
  }
  return columns;
}

/// Error (data) when they are not the columns that the input names.
void require_columns(const std::vector<Column>& columns, const Names& named, const core::Learned& place) {
  if (columns.size() != named.size())
    place.fail("holds " + std::to_string(columns.size()) + " columns and the input names " +
               std::to_string(named.size()));
  for (size_t i = 0; i < named.size(); ++i)
    if (columns[i].name != named[i])
      place.at(i).at("name").fail("`" + columns[i].name + "` where the input names `" + named[i] + "`");
}

/// The numeric columns of one patient; NaN = unknown.
std::vector<double> numbers_of(const Cohort::Impl& cohort, size_t input, const std::vector<Column>& columns,
                               size_t row) {
  std::vector<double> numbers;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].number) continue;
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
  const auto learned_columns = columns_from(core::Learned(fitted));
  const auto count = numbers_of(cohort, input, learned_columns, rows.at(0)).size();
  if (count == 0) core::fail_data("harmonize: none of the columns is numeric");
  Eigen::MatrixXd values(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(count));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto numbers = numbers_of(cohort, input, learned_columns, rows[i]);
    values.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(numbers.data(), values.cols());
  }
  fitted["harmonize"] = fit_harmonizer(cohort, input, rows, values);
  Eigen::Index at = 0;
  for (auto& column : columns) {
    if (column.at("kind") != "number") continue;
    const auto harmonized = values.col(at++);
    const auto learned = moments(std::vector<double>(harmonized.begin(), harmonized.end()));
    column["mean"] = learned.mean;
    column["deviation"] = learned.deviation;
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

Names clinical_features(const core::Learned& fitted) {
  Names names;
  for (const auto& column : columns_from(fitted)) {
    if (column.number) {
      names.push_back(column.name);
      names.push_back(column.name + "_missing");
    } else {
      for (const auto& value : column.values)
        names.push_back(column.name +
                        (value ? "=" + *value : " (rare " + std::to_string(names.size()) + ")"));
    }
  }
  return names;
}

RowReader read_clinical(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted) {
  const auto learned = std::make_shared<const std::vector<Column>>(columns_from(fitted));
  require_columns(*learned, cohort.inputs[input].second.columns, fitted.at("columns"));
  const auto numeric =
      std::count_if(learned->begin(), learned->end(), [](const Column& column) { return column.number; });
  const Harmonizer harmonizer(cohort, input, fitted, static_cast<size_t>(numeric));
  return [&cohort, input, learned, harmonizer](size_t row) {
    std::vector<float> values;
    auto numbers = numbers_of(cohort, input, *learned, row);
    harmonizer.apply(row, numbers);
    auto next = numbers.begin();
    for (size_t i = 0; i < learned->size(); ++i) {
      const auto& fit = (*learned)[i];
      const auto column = cohort.columns[input].clinical[i];
      if (fit.number) {
        const double value = *next++;
        values.push_back(
            z_score(value, fit.moments.mean, fit.moments.deviation, cohort.inputs[input].second.clip));
        values.push_back(std::isnan(value) ? 1 : 0);
        continue;
      }
      const std::string cell = column ? cohort.cell(row, *column) : "";
      bool found = is_blank(cell);  // but a word that training knew is one, whatever it says
      for (const auto& name : fit.values) {
        const bool is_this = name == cell;
        found = found || is_this;
        values.push_back(is_this ? 1 : 0);
      }
      if (!found)
        cohort.note({cohort.ids[row], cohort.inputs[input].first, cohort.table.source,
                     "column `" + cohort.table.columns[*column] + "`: `" + cell +
                         "` was not seen in training and counts as unknown"});
    }
    return values;
  };
}

}  // namespace

void check_clinical_cells(const Cohort::Impl& cohort) {
  std::vector<size_t> rows(cohort.table.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  for (size_t input = 0; input < cohort.inputs.size(); ++input)
    for (const auto& column : cohort.columns[input].clinical)
      if (column)
        core::with_context("input " + cohort.inputs[input].first,
                           [&] { check_contents(cohort, *column, contents_of(cohort, *column, rows)); });
}

const Tabular clinical{"clinical", fit_clinical, clinical_features, read_clinical};

}  // namespace photo51::data
