#include <algorithm>
#include <cmath>
#include <set>

#include "data/cells.hpp"
#include "data/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

std::set<std::string> known_values(const Cohort::Impl& cohort, size_t column) {
  std::set<std::string> values;
  for (const auto& row : cohort.table.rows)
    if (!is_blank(row[column])) values.insert(row[column]);
  return values;
}

/// The class list: as given, or from the data in order (numbers by value).
std::vector<std::string> classes_of(const Cohort::Impl& cohort, const LabelSpec& spec, size_t column) {
  std::optional<long long> count;
  if (spec.classes.size() == 1) count = core::parse_int(spec.classes[0]);
  if (!spec.classes.empty() && !count) return spec.classes;
  const auto values = known_values(cohort, column);
  std::vector<std::string> names(values.begin(), values.end());
  if (std::all_of(names.begin(), names.end(), [](const auto& name) { return core::parse_double(name); }))
    std::sort(names.begin(), names.end(),
              [](const auto& a, const auto& b) { return *core::parse_double(a) < *core::parse_double(b); });
  if (count && *count != static_cast<long long>(names.size()))
    core::fail_data(cohort.table.source + ": head " + spec.head + ": column `" + spec.column + "` has " +
                    std::to_string(names.size()) + " classes (" + core::join(names, ", ") +
                    "), but `classes` says " + std::to_string(*count));
  return names;
}

class LabelReader {
 public:
  LabelReader(const Cohort::Impl& cohort, LabelSpec& spec, bool require)
      : cohort_(cohort), spec_(spec), require_(require) {}

  std::vector<Case::Label> read() {
    if (spec_.kind == LabelSpec::Kind::expression) return read_expression_labels(cohort_, spec_, require_);
    std::vector<Case::Label> labels(cohort_.table.rows.size());
    const auto column = find(spec_.column);
    if (!column) return labels;
    std::optional<size_t> event;
    if (spec_.kind == LabelSpec::Kind::survival) {
      event = find(spec_.event_column);
      if (!event) return labels;
    }
    if (spec_.kind == LabelSpec::Kind::multiclass) spec_.classes = classes(*column);
    check_positive(*column);
    for (size_t row = 0; row < labels.size(); ++row) labels[row] = label(row, *column, event);
    if (unreadable_ > 0)
      core::log_warning("head " + spec_.head + ": " + std::to_string(unreadable_) +
                        " labels cannot be read and count as unknown; the first: " + first_problem_);
    return labels;
  }

 private:
  std::optional<size_t> find(const std::string& column) const {
    if (!require_) return cohort_.table.find(column);
    return core::with_context("head " + spec_.head, [&] { return cohort_.table.require(column); });
  }

  std::vector<std::string> classes(size_t column) const {
    try {
      return classes_of(cohort_, spec_, column);
    } catch (const core::Error&) {
      if (require_) throw;
      return spec_.classes;
    }
  }

  void check_positive(size_t column) const {
    if (spec_.kind != LabelSpec::Kind::binary || spec_.positive.empty() || !require_) return;
    const auto values = known_values(cohort_, column);
    if (values.empty() || values.contains(spec_.positive)) return;
    core::fail_data(cohort_.table.source + ": head " + spec_.head + ": no patient has `" + spec_.positive +
                    "` in column `" + spec_.column + "`" +
                    core::suggest(spec_.positive, {values.begin(), values.end()}));
  }

  Case::Label label(size_t row, size_t column, std::optional<size_t> event) {
    try {
      return parse(row, column, event);
    } catch (const core::Error& error) {
      if (require_) throw;
      if (++unreadable_ == 1) first_problem_ = error.what();
      return {};
    }
  }

  [[noreturn]] void fail(size_t row, size_t column, const std::string& expected) const {
    core::fail_data(cohort_.where(row, column) + ": `" + cohort_.cell(row, column) + "` is not " + expected +
                    " (head " + spec_.head + "); leave it blank when it is unknown");
  }

  double number(size_t row, size_t column) const {
    const auto value = core::parse_double(cohort_.cell(row, column));
    if (!value || !std::isfinite(*value)) fail(row, column, "a number");
    return *value;
  }

  bool zero_or_one(size_t row, size_t column, const std::string& otherwise) const {
    const auto value = core::parse_double(cohort_.cell(row, column));
    if (!value || (*value != 0 && *value != 1)) fail(row, column, otherwise);
    return *value == 1;
  }

  Case::Label parse(size_t row, size_t column, std::optional<size_t> event) const {
    const std::string& cell = cohort_.cell(row, column);
    if (is_blank(cell) || (event && is_blank(cohort_.cell(row, *event)))) return {};
    Case::Label label;
    label.known = true;
    switch (spec_.kind) {
      case LabelSpec::Kind::binary:
        label.value = spec_.positive.empty()
                          ? zero_or_one(row, column, "0 or 1; name the positive value with `positive`")
                          : cell == spec_.positive;
        break;
      case LabelSpec::Kind::multiclass: {
        const auto found = std::find(spec_.classes.begin(), spec_.classes.end(), cell);
        if (found == spec_.classes.end())
          fail(row, column, "a class of this head" + core::suggest(cell, spec_.classes));
        label.value = static_cast<double>(found - spec_.classes.begin());
        break;
      }
      case LabelSpec::Kind::regression:
        label.value = number(row, column);
        break;
      case LabelSpec::Kind::expression:
        break;  // comes from a table of its own
      case LabelSpec::Kind::survival:
        label.value = number(row, column);
        if (label.value <= 0) fail(row, column, "a time after 0");
        label.event = zero_or_one(row, *event, "1 (event) or 0 (censored)");
        break;
    }
    return label;
  }

  const Cohort::Impl& cohort_;
  LabelSpec& spec_;
  bool require_;
  size_t unreadable_ = 0;
  std::string first_problem_;
};

}  // namespace

void read_labels(Cohort::Impl& cohort, bool require) {
  for (auto& spec : cohort.labels) cohort.label_values[spec.head] = LabelReader(cohort, spec, require).read();
}

}  // namespace photo51::data
