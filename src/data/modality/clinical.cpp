#include "photo51/data/modality/clinical.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/harmonize/harmonize.hpp"
#include "data/tables/moments.hpp"
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

/// What was learned of a column.
struct Column {
  std::string name;
  bool number = false;
  Moments moments;      ///< of a number
  CategoryList values;  ///< of a text
};

nlohmann::json json_of(const Column& column) {
  nlohmann::json json{{"name", column.name}, {"kind", column.number ? "number" : "text"}};
  if (column.number) {
    json["mean"] = column.moments.mean;
    json["deviation"] = column.moments.deviation;
  } else {
    add_to(json, column.values, "values", "counts");
  }
  return json;
}

Column merge(const Column& a, const Column& b) {
  if (a.name != b.name || a.number != b.number)
    core::fail_usage("column `" + a.name + "` is " + (a.number ? "numbers" : "text") + " in one part, and `" +
                     b.name + "` " + (b.number ? "numbers" : "text") +
                     " in the other; leave the column out, or write one kind of cells");
  Column both{a.name, a.number, {}, {}};
  core::with_context("column `" + a.name + "`", [&] {
    if (a.number)
      both.moments = data::merge(a.moments, b.moments);
    else
      both.values = data::merge(a.values, b.values);
  });
  return both;
}

/// Moments and unions of categories: additive.
struct FittedColumns final : FittedInput {
  std::vector<Column> columns;
  std::optional<FittedHarmonizer> harmonize;

  nlohmann::json to_json() const override {
    auto listed = nlohmann::json::array();
    for (const auto& column : columns) listed.push_back(json_of(column));
    nlohmann::json json{{"columns", listed}};
    if (harmonize) json["harmonize"] = harmonize->to_json();
    return json;
  }
  std::shared_ptr<const FittedInput> merged(const FittedInput& other) const override {
    const auto& more = other_state<FittedColumns>(other);
    if (more.columns.size() != columns.size())
      core::fail_usage("the parts have different columns; fit both with one config");
    auto both = std::make_shared<FittedColumns>();
    for (size_t i = 0; i < columns.size(); ++i) both->columns.push_back(merge(columns[i], more.columns[i]));
    both->harmonize = data::merge(harmonize, more.harmonize);
    if (!both->harmonize) return both;
    // The numbers' moments are those of harmonized values, which change with the sites that there are.
    const auto learned = harmonized_moments(both->harmonize->model, *both->harmonize->sums);
    auto next = learned.begin();
    for (auto& column : both->columns)
      if (column.number) column.moments = *next++;
    return both;
  }
  std::shared_ptr<const FittedInput> with_categories(const VisitCategories& visit) const override {
    auto changed = std::make_shared<FittedColumns>(*this);
    for (auto& column : changed->columns)
      if (!column.number) visit("column `" + column.name + "`", column.values);
    if (changed->harmonize) changed->harmonize->visit(visit);
    return changed;
  }
};

Column fit_column(const Cohort::Impl& cohort, const std::string& name, size_t column,
                  const std::vector<size_t>& train) {
  const Contents found = contents_of(cohort, column, train);
  if (found.known == 0)
    core::fail_data("column `" + cohort.table.columns[column] + "` is blank for every training patient");
  check_contents(cohort, column, found);
  if (found.is_number()) {
    std::vector<double> values;
    for (const size_t row : train) values.push_back(number(cohort, row, column));
    return {name, true, moments(values), {}};
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
  Column learned{name, false, {}, {{found.words.begin(), found.words.end()}, {}}};
  learned.values.counts = patients_with(cohort, train, learned.values.names,
                                        [&](size_t row) { return cohort.cell(row, column); });
  return learned;
}

Column column_from(const core::Learned& one, const std::string& named) {
  Column column{one.at("name").text(), one.at("kind").text() == "number", {}, {}};
  if (column.number) {
    column.moments = {one.at("mean").number(), one.at("deviation").number(0), {}};
  } else if (one.at("kind").text() == "text") {
    column.values.names = categories_from(one.at("values"));
    column.values.counts = counts_from(one, "counts", column.values.names.size());
  } else {
    one.at("kind").fail("is neither `number` nor `text`");
  }
  if (column.name != named)
    one.at("name").fail("`" + column.name + "` where the input names `" + named + "`");
  return column;
}

Fitted fitted_clinical(const core::Learned& learned, const config::Choice& input) {
  const auto& options = input.as<ClinicalOptions>();
  const auto told = learned.at("columns");
  if (told.size() != options.columns.size())
    told.fail("holds " + std::to_string(told.size()) + " columns and the input names " +
              std::to_string(options.columns.size()));
  auto fitted = std::make_shared<FittedColumns>();
  for (size_t i = 0; i < told.size(); ++i)
    fitted->columns.push_back(column_from(told.at(i), options.columns[i]));
  const auto numeric = std::count_if(fitted->columns.begin(), fitted->columns.end(),
                                     [](const Column& column) { return column.number; });
  fitted->harmonize = harmonizer_from(learned, options.harmonize, static_cast<size_t>(numeric));
  return fitted;
}

/// The numeric columns of one patient; NaN = unknown.
std::vector<double> numbers_of(const Cohort::Impl& cohort, size_t input, const std::vector<Column>& columns,
                               size_t row) {
  std::vector<double> numbers;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].number) continue;
    const auto column = cohort.columns[input].values[i];
    numbers.push_back(column ? number(cohort, row, *column) : NAN);
  }
  return numbers;
}

/// Harmonizes the numeric columns together and learns their moments again.
void harmonize_numbers(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train,
                       FittedColumns& fitted) {
  std::vector<size_t> rows;
  for (const size_t row : train)
    if (cohort.has_input(input, row)) rows.push_back(row);
  const auto count = numbers_of(cohort, input, fitted.columns, rows.at(0)).size();
  if (count == 0) core::fail_data("harmonize: none of the columns is numeric");
  Eigen::MatrixXd values(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(count));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto numbers = numbers_of(cohort, input, fitted.columns, rows[i]);
    values.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(numbers.data(), values.cols());
  }
  fitted.harmonize = fit_harmonizer(cohort, input, rows, values);
  Eigen::Index at = 0;
  for (auto& column : fitted.columns) {
    if (!column.number) continue;
    const auto harmonized = values.col(at++);
    column.moments = moments(std::vector<double>(harmonized.begin(), harmonized.end()));
  }
}

Fitted fit_clinical(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  const auto& options = cohort.own<ClinicalOptions>(input);
  auto fitted = std::make_shared<FittedColumns>();
  for (size_t i = 0; i < options.columns.size(); ++i)
    fitted->columns.push_back(
        fit_column(cohort, options.columns[i], cohort.columns[input].values[i].value(), train));
  if (options.harmonize.method != HarmonizeMethod::none) harmonize_numbers(cohort, input, train, *fitted);
  return fitted;
}

InputInfo clinical_info(const std::string& name, const config::Choice& /*input*/, const FittedInput* fitted) {
  InputInfo info;
  info.image = false;
  Names& names = info.features;
  for (const auto& column : state_of<FittedColumns>(fitted, name).columns) {
    if (column.number) {
      names.push_back(column.name);
      names.push_back(column.name + "_missing");
    } else {
      for (const auto& value : column.values.names)
        names.push_back(column.name +
                        (value ? "=" + *value : " (rare " + std::to_string(names.size()) + ")"));
    }
  }
  info.channels = static_cast<int64_t>(names.size());
  return info;
}

RowReader read_clinical(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted) {
  const auto learned =
      std::make_shared<const FittedColumns>(state_of<FittedColumns>(fitted, cohort.name(input)));
  const Harmonizer harmonizer(cohort, input, learned->harmonize);
  return [&cohort, input, learned, harmonizer](size_t row) {
    std::vector<float> values;
    const double clip = cohort.own<ClinicalOptions>(input).clip;
    auto numbers = numbers_of(cohort, input, learned->columns, row);
    harmonizer.apply(row, numbers);
    auto next = numbers.begin();
    for (size_t i = 0; i < learned->columns.size(); ++i) {
      const Column& known = learned->columns[i];
      const auto column = cohort.columns[input].values[i];
      if (known.number) {
        const double value = *next++;
        values.push_back(z_score(value, known.moments, clip));
        values.push_back(std::isnan(value) ? 1 : 0);
        continue;
      }
      const std::string cell = column ? cohort.cell(row, *column) : "";
      bool found = is_blank(cell);  // but a word that training knew is one, whatever it says
      for (const auto& name : known.values.names) {
        const bool is_this = name == cell;
        found = found || is_this;
        values.push_back(is_this ? 1 : 0);
      }
      if (!found)
        cohort.note({cohort.ids[row], cohort.name(input), cohort.table.source,
                     "column `" + cohort.table.columns[*column] + "`: `" + cell +
                         "` was not seen in training and counts as unknown"});
    }
    return values;
  };
}

void check_cells(const Cohort::Impl& cohort, size_t input) {
  std::vector<size_t> rows(cohort.table.rows.size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  for (const auto& column : cohort.columns[input].values)
    if (column)
      core::with_context("input " + cohort.name(input),
                         [&] { check_contents(cohort, *column, contents_of(cohort, *column, rows)); });
}

bool has_value(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& columns = cohort.columns[input].values;
  return std::any_of(columns.begin(), columns.end(),
                     [&](const auto& column) { return column && !is_blank(cohort.cell(row, *column)); });
}

/// A column's values, and whether they are there: the day of a death is blank for the living.
void each_feature(const Cohort::Impl& cohort, size_t input, const LookAtFeature& look) {
  const auto& columns = cohort.columns[input].values;
  for (const auto& column : columns) {
    if (!column) continue;
    const std::string named = "column `" + cohort.table.columns[*column] + "`";
    FeatureValues value{named}, missing{"whether " + named + " is blank"};
    std::map<std::string, double> words;
    size_t numbers = 0, known = 0;
    for (const auto& row : cohort.table.rows) {
      const std::string& cell = row[*column];
      const bool blank = is_blank(cell);
      known += blank ? 0 : 1;
      numbers += !blank && core::parse_double(cell) ? 1 : 0;
      if (!blank) words.emplace(cell, static_cast<double>(words.size()));
      missing.values.push_back(blank ? 1 : 0);
    }
    value.categories = 2 * numbers <= known;
    for (const auto& row : cohort.table.rows) {
      const std::string& cell = row[*column];
      const auto number = core::parse_double(cell);
      value.values.push_back(is_blank(cell) ? NAN : value.categories ? words.at(cell) : number.value_or(NAN));
    }
    look(value, 2 * columns.size());
    look(missing, 2 * columns.size());
  }
}

std::vector<std::string> no_problems(const Cohort::Impl& /*cohort*/, size_t /*input*/, size_t /*row*/) {
  return {};
}

}  // namespace

void describe(config::Fields& f, ClinicalOptions& o) {
  f("columns", o.columns, "manifest columns, numeric or text (one-hot)");
  describe_clip(f, o);
  describe_harmonize(f, o);
  f.check(!o.columns.empty(), "columns", "name at least one manifest column");
}

const Modality rows::clinical{
    .component =
        config::component<ClinicalOptions>("clinical", "manifest columns whose cells are the values"),
    .columns =
        [](const config::Choice& input) {
          return InputColumns{.values = input.as<ClinicalOptions>().columns};
        },
    .has = has_value,
    .info = clinical_info,
    .fit = fit_clinical,
    .fitted = fitted_clinical,
    .problems = no_problems,
    .numbers = NumberModality{.options = [](const config::Choice& input) -> const NumberOptions& {
                                return input.as<ClinicalOptions>();
                              },
                              .reader = read_clinical,
                              .each_feature = each_feature},
    .check_cells = check_cells};

}  // namespace photo51::data
