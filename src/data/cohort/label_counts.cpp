/// How often each label of a head occurs among some rows, and whether a head can learn from them.

#include <map>

#include "data/cohort/label_words.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/cohort/check.hpp"

namespace photo51::data {
namespace {

struct LabelCounts {
  std::map<double, int64_t> of;  ///< by value; survival: 1 is an event, 0 censored
  int64_t known = 0;
};

LabelCounts counts_of(const Cohort& cohort, const std::vector<int64_t>& rows, const LabelSpec& spec) {
  LabelCounts counts;
  for (const int64_t row : rows) {
    const auto& label = cohort.label(row, spec.head);
    if (!label.known) continue;
    ++counts.known;
    ++counts.of[spec.kind == LabelSpec::Kind::survival ? (label.event ? 1.0 : 0.0) : label.value];
  }
  return counts;
}

}  // namespace

std::string class_in_words(const LabelSpec& spec, double value) {
  if (spec.kind == LabelSpec::Kind::multiclass) return spec.classes.at(static_cast<size_t>(value));
  return binary_name(spec, value != 0);
}

std::string label_counts(const Cohort& cohort, const std::vector<int64_t>& rows, const LabelSpec& spec) {
  using Kind = LabelSpec::Kind;
  const auto [counts, known] = counts_of(cohort, rows, spec);
  const int64_t unknown = static_cast<int64_t>(rows.size()) - known;
  const std::string blank = unknown > 0 ? ", " + std::to_string(unknown) + " unknown" : "";
  const auto times = [&values = counts](double value) {
    const auto found = values.find(value);
    return std::to_string(found == values.end() ? 0 : found->second);
  };
  if (spec.kind == Kind::survival) return times(1) + " events, " + times(0) + " censored" + blank;
  if (spec.kind == Kind::regression || spec.kind == Kind::expression)
    return std::to_string(known) + " known" + blank;
  std::string text;
  const auto add = [&](const std::string& name, double value) {
    text += (text.empty() ? "" : ", ") + name + " " + times(value);
  };
  if (spec.kind == Kind::binary) {
    for (const double value : {0.0, 1.0}) add(class_in_words(spec, value), value);
  } else {
    for (size_t i = 0; i < spec.classes.size(); ++i) add(spec.classes[i], static_cast<double>(i));
  }
  return text + blank;
}

void check_learnable(const Cohort& cohort, const std::vector<int64_t>& rows, const std::string& part) {
  using Kind = LabelSpec::Kind;
  for (const auto& spec : cohort.labels()) {
    const auto [counts, known] = counts_of(cohort, rows, spec);
    const std::string who = "head " + spec.head + ": " + part + ": ";
    if (known == 0) core::fail_data(who + "no patient has a known label in column `" + spec.column + "`");
    if (spec.kind == Kind::survival && !counts.contains(1))
      core::fail_data(who + "all " + std::to_string(known) + " patients are censored (column `" +
                      spec.event_column + "`); survival needs events");
    if (spec.kind == Kind::regression && counts.size() < 2)
      core::fail_data(who + "all " + std::to_string(known) + " known values (column `" + spec.column +
                      "`) are the same; there is nothing to learn");
    if (spec.kind != Kind::binary && spec.kind != Kind::multiclass) continue;
    if (counts.size() < 2)
      core::fail_data(who + "all " + std::to_string(known) + " known labels (column `" + spec.column +
                      "`) are of one class, " + class_in_words(spec, counts.begin()->first) +
                      "; a classifier needs two");
    for (size_t value = 0; value < spec.classes.size() && spec.kind == Kind::multiclass; ++value)
      if (!counts.contains(static_cast<double>(value)))
        core::fail_data(who + "no patient is of class `" + spec.classes[value] + "` (column `" + spec.column +
                        "`; there is " + label_counts(cohort, rows, spec) +
                        "); merge rare classes, set cohort.split.stratify: " + spec.head +
                        ", take fewer folds, or leave the class out");
  }
}

}  // namespace photo51::data
