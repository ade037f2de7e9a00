#include <algorithm>
#include <cmath>

#include "data/cohort/cells.hpp"
#include "data/cohort/label_words.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

/// The class list: as given, or from the data in order (numbers by value).
std::vector<std::string> classes_of(const Cohort::Impl& cohort, const LabelSpec& spec, size_t column) {
  std::optional<long long> count;
  if (spec.classes.size() == 1) count = core::parse_int(spec.classes[0]);
  if (!spec.classes.empty() && !count) return spec.classes;
  const auto words = words_of(cohort, column, {});
  if (const auto pair = alike(words, {}))
    core::fail_data(column_named(cohort, column) + ": " + *pair +
                    " differ only in how they are written (head " + spec.head +
                    "); write one of them, or name the classes with `classes`; the column holds " +
                    told(words));
  std::vector<std::string> names;
  for (const auto& [word, cells] : words) names.push_back(word);
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
    if (spec_.kind == LabelSpec::Kind::multiclass) named_ = spec_.classes;
    if (event || spec_.kind == LabelSpec::Kind::binary) {
      named_ = spec_.positive;
      named_.insert(named_.end(), spec_.negative.begin(), spec_.negative.end());
      words_.emplace(cohort_, spec_, event.value_or(*column), require_);
    }
    warn_of_blanks(event.value_or(*column));
    for (size_t row = 0; row < labels.size(); ++row) labels[row] = label(row, *column, event);
    if (unreadable_ > 0)
      cohort_.note({"", "", cohort_.table.source,
                    "head " + spec_.head + ": " + std::to_string(unreadable_) +
                        " labels cannot be read and count as unknown; the first: " + first_problem_});
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

  /// Words such as `none` are blanks to most, and a class to some.
  void warn_of_blanks(size_t column) const {
    WordCounts blanks;
    for (const auto& row : cohort_.table.rows)
      if (core::is_doubtful_blank(row[column]) && is_unknown(row[column], named_)) ++blanks[row[column]];
    if (!blanks.empty())
      cohort_.note({"", "", cohort_.table.source,
                    "column `" + cohort_.table.columns[column] + "` (head " + spec_.head + "): " +
                        told(blanks) + " count as blank; name them in the head when they are a value"});
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

  [[noreturn]] void fail(size_t row, size_t column, const std::string& expected,
                         const std::string& more = "") const {
    const std::string& cell = cohort_.cell(row, column);
    const std::string remedy = core::has_decimal_comma(cell) ? "write its decimals with a point"
                               : core::is_date(cell)         ? "write a number in place of a date"
                                                             : "leave it blank when it is unknown";
    core::fail_data(cohort_.where(row, column) + ": `" + cell + "` is not " + expected + " (head " +
                    spec_.head + "); " + remedy + more);
  }

  double number(size_t row, size_t column, const std::string& expected) const {
    const auto value = core::parse_double(cohort_.cell(row, column));
    if (value && !core::fits_float(*value)) fail(row, column, expected + " (finite, at most 3.4e38)");
    if (!value) fail(row, column, expected);
    return *value;
  }

  /// Of a binary label or an event. Words that are not known come only with labels that nobody requires.
  bool is_positive(size_t row, size_t column) const {
    const auto meaning = words_->meaning(cohort_.cell(row, column));
    if (!meaning) fail(row, column, "a word that this head knows");
    return *meaning;
  }

  Case::Label parse(size_t row, size_t column, std::optional<size_t> event) const {
    const std::string& cell = cohort_.cell(row, column);
    const bool survival = spec_.kind == LabelSpec::Kind::survival;
    if (survival ? is_blank(cell) || is_unknown(cohort_.cell(row, *event), named_) : is_unknown(cell, named_))
      return {};
    Case::Label label;
    label.known = true;
    switch (spec_.kind) {
      case LabelSpec::Kind::binary:
        label.value = is_positive(row, column);
        break;
      case LabelSpec::Kind::multiclass: {
        const auto found = std::find(spec_.classes.begin(), spec_.classes.end(), cell);
        if (found == spec_.classes.end())
          fail(row, column, "a class of this head" + core::suggest(cell, spec_.classes),
               "; the column holds " + told(words_of(cohort_, column, named_)));
        label.value = static_cast<double>(found - spec_.classes.begin());
        break;
      }
      case LabelSpec::Kind::regression:
        label.value = number(row, column, "a number");
        break;
      case LabelSpec::Kind::expression:
        break;  // comes from a table of its own
      case LabelSpec::Kind::survival:
        label.value = number(row, column, "a time");
        if (label.value < 0) fail(row, column, "a time of 0 or more");
        label.event = is_positive(row, *event);
        break;
    }
    return label;
  }

  const Cohort::Impl& cohort_;
  LabelSpec& spec_;
  bool require_;
  std::optional<TwoWords> words_;
  std::vector<std::string> named_;  ///< words that are a value, whatever else they say
  size_t unreadable_ = 0;
  std::string first_problem_;
};

}  // namespace

void read_labels(Cohort::Impl& cohort, bool require) {
  for (auto& spec : cohort.labels) cohort.label_values[spec.head] = LabelReader(cohort, spec, require).read();
}

}  // namespace photo51::data
