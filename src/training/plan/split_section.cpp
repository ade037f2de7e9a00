#include "training/plan/split_section.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::training {
namespace {

using Labels = std::vector<data::PlannedLabel>;

/// The head whose classes, or events, the parts share evenly.
std::string stratified_by(const Labels& labels) {
  for (const auto& label : labels)
    if (data::task_of(label.spec).has_classes()) return label.spec.head;
  for (const auto& label : labels)
    if (data::task_of(label.spec).stratum != nullptr) return label.spec.head;
  return "";
}

/// What is wrong with the split for one head; empty when nothing is.
std::string problem_of(const data::CohortOptions& cohort, const data::SplitOptions& split,
                       const Labels& labels, const data::PlannedLabel& label) {
  try {
    std::vector<data::TaskSpec> specs;
    for (const auto& one : labels)
      if (one.spec.head == split.stratify && one.spec.head != label.spec.head) specs.push_back(one.spec);
    specs.push_back(label.spec);
    data::split_cohort(data::Cohort(cohort, {}, specs), split);
    return "";
  } catch (const core::Error& error) {
    return error.what();
  }
}

bool suits_all(const data::CohortOptions& cohort, const data::SplitOptions& split, const Labels& labels) {
  return std::all_of(labels.begin(), labels.end(),
                     [&](const auto& label) { return problem_of(cohort, split, labels, label).empty(); });
}

/// Folds, or one validation part, of so many patients.
void choose_validation(PlannedSplit& plan, int64_t patients) {
  auto& split = plan.options;
  const std::string of = std::to_string(patients) + " patients";
  if (patients >= 400) {
    split.folds = 0;
    plan.why_validation = of + ": a fifth is enough to compare epochs on";
  } else if (patients >= 30) {
    split.folds = patients >= 60 ? 5 : 3;
    plan.why_validation = of + ": each is predicted once by models that did not see it";
  } else {
    split.folds = 0;
    split.validation_fraction = 0.25;
    plan.why_validation = of + ": too few for folds";
  }
}

}  // namespace

PlannedSplit plan_split(const data::CohortOptions& cohort, const data::ManifestColumns& columns,
                        Labels& labels) {
  PlannedSplit plan;
  const int64_t rows = data::Cohort(cohort, {}, {}).size();
  plan.options.seed = 51;
  plan.options.group = columns.group;
  plan.options.stratify = stratified_by(labels);
  std::vector<std::pair<double, std::string>> sites;  // how far from a fifth
  for (const auto& [site, count] : columns.sites) {
    const double share = static_cast<double>(count) / static_cast<double>(rows);
    if (share >= 0.05 && share <= 0.4) sites.emplace_back(std::abs(share - 0.2), site);
  }
  std::sort(sites.begin(), sites.end());
  int64_t rest = rows;
  for (const auto& [distance, site] : sites) {
    if (columns.sites.size() < 2) break;
    PlannedSplit trial = plan;
    trial.options.hold_out = {site};
    rest = rows - columns.sites.at(site);
    choose_validation(trial, rest);
    if (!suits_all(cohort, trial.options, labels)) continue;
    trial.why_test = std::to_string(columns.sites.at(site)) + " of " + std::to_string(rows) +
                     " patients, in " + std::to_string(columns.sites.size()) +
                     " sites: a hospital that no model sees";
    plan = trial;
    break;
  }
  if (plan.options.hold_out.empty()) {
    rest = rows;
    if (rows >= 100) {
      plan.options.test_fraction = 0.2;
      rest = rows - rows / 5;
    }
    plan.why_test = std::to_string(rows) + " patients" +
                    (columns.site.empty() ? ", and no column of sites"
                                          : ", and no site is a twentieth to two fifths of them and leaves "
                                            "enough for every head");
    choose_validation(plan, rest);
  }
  Labels kept;
  for (const auto& label : labels) {
    const std::string problem = problem_of(cohort, plan.options, labels, label);
    if (problem.empty())
      kept.push_back(label);
    else
      plan.left_out.push_back({label.spec.column, "cannot be learned with this split: " + problem});
  }
  labels = std::move(kept);
  if (stratified_by(labels) != plan.options.stratify) plan.options.stratify = stratified_by(labels);
  plan.training =
      plan.options.folds > 0
          ? rest - rest / plan.options.folds
          : static_cast<int64_t>(static_cast<double>(rest) * (1 - plan.options.validation_fraction));
  return plan;
}

}  // namespace photo51::training
