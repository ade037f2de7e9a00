#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "data/cohort/cells.hpp"
#include "data/cohort/cohort_impl.hpp"
#include "data/split/groups.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/cohort/check.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

using Rows = std::vector<int64_t>;

/// A random order of patients that depends on the seed and their ids only.
Rows shuffled(const Cohort& cohort, const Rows& rows, int64_t seed, std::string_view what) {
  std::vector<std::pair<uint64_t, int64_t>> keyed;
  for (const int64_t row : rows) {
    core::Random random({static_cast<uint64_t>(seed), core::hash_key(cohort.id(row)), core::hash_key(what)});
    keyed.emplace_back(random.next_u64(), row);
  }
  std::sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : cohort.id(a.second) < cohort.id(b.second);
  });
  Rows order;
  for (const auto& [key, row] : keyed) order.push_back(row);
  return order;
}

/// The head whose classes are spread evenly; null = none.
const TaskSpec* stratified_head(const Cohort& cohort, const std::string& asked) {
  const auto& labels = cohort.labels();
  std::vector<std::string> names;
  for (const auto& spec : labels) {
    const bool classes = task_of(spec).stratum != nullptr;
    if (classes) names.push_back(spec.head);
    if (spec.head != asked) continue;
    if (!classes)
      core::fail_usage("cohort.split.stratify: head `" + asked +
                       "` has no classes; name a head with classes");
    return &spec;
  }
  if (!asked.empty())
    core::fail_usage("cohort.split.stratify: there is no head `" + asked + "`" + core::suggest(asked, names));
  for (const auto& spec : labels)
    if (task_of(spec).has_classes()) return &spec;
  for (const auto& spec : labels)
    if (task_of(spec).stratum != nullptr) return &spec;
  return nullptr;
}

/// The stratum of a patient; those without a label are one of their own, the last.
double class_of(const Cohort& cohort, int64_t row, const TaskSpec* head) {
  if (head == nullptr) return INFINITY;
  const auto& label = cohort.label(row, head->head);
  if (!label.known) return INFINITY;
  return task_of(*head).stratum(label);
}

/// Patients of one class together, classes in order.
std::vector<Rows> strata(const Cohort& cohort, const Rows& order, const TaskSpec* head) {
  std::map<double, Rows> by_class;
  for (const int64_t row : order) by_class[class_of(cohort, row, head)].push_back(row);
  std::vector<Rows> all;
  for (auto& [key, rows] : by_class) all.push_back(std::move(rows));
  return all;
}

/// Takes `fraction` of every stratum, so that the total is right to within one half.
Rows take_fraction(const std::vector<Rows>& groups, double fraction) {
  Rows taken;
  size_t seen = 0;
  for (const auto& group : groups) {
    seen += group.size();
    const auto target = static_cast<size_t>(std::llround(fraction * static_cast<double>(seen)));
    const size_t count = std::min(target - taken.size(), group.size());
    taken.insert(taken.end(), group.begin(), group.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return taken;
}

Rows without(const Rows& rows, const Rows& excluded) {
  const std::set<int64_t> out(excluded.begin(), excluded.end());
  Rows kept;
  for (const int64_t row : rows)
    if (!out.contains(row)) kept.push_back(row);
  return kept;
}

Rows sorted(Rows rows) {
  std::sort(rows.begin(), rows.end());
  return rows;
}

Rows held_out(const Cohort& cohort, const SplitOptions& options, const std::string& site_column) {
  const std::string column = options.by == "site" ? site_column : options.by;
  if (!cohort.impl().table.find(column))
    core::fail_data(cohort.impl().table.source + ": cohort.split.hold_out needs the column `" + column + "`" +
                    core::suggest(column, cohort.impl().table.columns));
  std::set<std::string> sites;
  for (int64_t row = 0; row < cohort.size(); ++row)
    if (const auto site = cohort.cell(row, column); !site.empty()) sites.insert(site);
  for (const auto& site : options.hold_out)
    if (!sites.contains(site))
      core::fail_data("cohort.split.hold_out: no patient has `" + site + "` in column `" + column +
                      "`; it holds " + core::join({sites.begin(), sites.end()}, ", "));
  Rows rows;
  for (int64_t row = 0; row < cohort.size(); ++row)
    if (std::find(options.hold_out.begin(), options.hold_out.end(), cohort.cell(row, column)) !=
        options.hold_out.end())
      rows.push_back(row);
  return rows;
}

/// `order` in parts of these shares, whole groups of `column` in each.
std::vector<Rows> grouped_parts(const Cohort& cohort, const Rows& order, const std::string& column,
                                const TaskSpec* head, const std::vector<double>& shares) {
  std::map<int64_t, double> classes;
  for (const int64_t row : order) classes[row] = class_of(cohort, row, head);
  return spread_groups(grouped_rows(cohort, order, column), classes, shares);
}

/// A random part of `rows` with every class in it by `fraction`.
Rows random_part(const Cohort& cohort, const Rows& rows, const SplitOptions& options, const TaskSpec* head,
                 std::string_view what, double fraction) {
  if (fraction <= 0) return {};
  const Rows order = shuffled(cohort, rows, options.seed, what);
  if (options.group.empty()) return take_fraction(strata(cohort, order, head), fraction);
  return grouped_parts(cohort, order, options.group, head, {1 - fraction, fraction})[1];
}

/// The rows of each value of a column, in the order of the values. Rows without one are an error: they would
/// train every fold and never be asked.
std::vector<Rows> parts_by(const Cohort& cohort, const Rows& rest, const SplitOptions& options) {
  const std::string column = options.fold_by == "site" ? cohort.impl().options.site : options.fold_by;
  const auto& table = cohort.impl().table;
  if (!table.find(column))
    core::fail_data(table.source + ": cohort.split.fold_by needs the column `" + column + "`" +
                    core::suggest(column, table.columns));
  std::map<std::string, Rows> by_value;
  for (const int64_t row : rest) {
    const auto value = cohort.cell(row, column);
    if (value.empty())
      core::fail_data(table.where(static_cast<size_t>(row)) + ": column `" + column +
                      "` is blank; cohort.split.fold_by needs a value of every patient");
    by_value[value].push_back(row);
  }
  if (by_value.size() < 2)
    core::fail_data("cohort.split.fold_by: column `" + column + "` holds one value only, `" +
                    by_value.begin()->first + "`; leaving it out leaves nobody to learn from");
  std::vector<Rows> parts;
  for (auto& [value, rows] : by_value) parts.push_back(std::move(rows));
  return parts;
}

/// The validation part of each fold.
std::vector<Rows> fold_parts(const Cohort& cohort, const Rows& rest, const SplitOptions& options,
                             const TaskSpec* head) {
  const auto count = static_cast<size_t>(options.folds);
  const Rows order = shuffled(cohort, rest, options.seed, "folds");
  const size_t units =
      options.group.empty() ? rest.size() : grouped_rows(cohort, order, options.group).size();
  if (units < count)
    core::fail_data("cohort.split.folds: " + std::to_string(count) + " folds need at least as many " +
                    (options.group.empty() ? "patients" : "groups") + "; " + std::to_string(units) +
                    " are left for training");
  if (!options.group.empty())
    return grouped_parts(cohort, order, options.group, head,
                         std::vector<double>(count, 1 / static_cast<double>(count)));
  std::vector<Rows> validation(count);
  size_t next = 0;  // goes on from class to class, so that the folds' sizes differ by one at most
  for (const auto& group : strata(cohort, order, head))
    for (const int64_t row : group) validation[next++ % validation.size()].push_back(row);
  return validation;
}

std::vector<Split::Fold> make_folds(const Cohort& cohort, const Rows& rest,
                                    const std::vector<Rows>& validation) {
  std::vector<Split::Fold> folds;
  for (const auto& part : validation) {
    folds.push_back({without(rest, part), sorted(part)});
    check_learnable(cohort, folds.back().train, "training part of fold " + std::to_string(folds.size() - 1));
  }
  return folds;
}

}  // namespace

std::vector<Split::Fold> fold_rows(const Cohort& cohort, const Rows& rows, const SplitOptions& options) {
  return make_folds(cohort, rows,
                    fold_parts(cohort, rows, options, stratified_head(cohort, options.stratify)));
}

Split split_cohort(const Cohort& cohort, const SplitOptions& options) {
  Rows all(static_cast<size_t>(cohort.size()));
  for (size_t row = 0; row < all.size(); ++row) all[row] = static_cast<int64_t>(row);
  check_learnable(cohort, all, "the cohort");
  const TaskSpec* head = stratified_head(cohort, options.stratify);

  Split split;
  if (!options.hold_out.empty()) {
    split.test = held_out(cohort, options, cohort.impl().options.site);
  } else if (options.test_fraction > 0) {
    split.test = sorted(random_part(cohort, all, options, head, "test", options.test_fraction));
  }
  const Rows rest = without(all, split.test);
  if (rest.empty()) core::fail_data("cohort.split: every patient is held out; none is left for training");
  check_learnable(cohort, rest, "the patients left for training");

  if (!options.fold_by.empty()) {
    split.folds = make_folds(cohort, rest, parts_by(cohort, rest, options));
    return split;
  }
  if (options.folds > 0) {
    split.folds = make_folds(cohort, rest, fold_parts(cohort, rest, options, head));
    return split;
  }
  const Rows validation = random_part(cohort, rest, options, head, "folds", options.validation_fraction);
  split.folds.push_back({without(rest, validation), sorted(validation)});
  check_learnable(cohort, split.folds[0].train, "the training part");
  return split;
}

}  // namespace photo51::data
