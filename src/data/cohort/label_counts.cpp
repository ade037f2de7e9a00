/// How often each label of a head occurs among some rows, and whether a head can learn from them.

#include "photo51/core/error.hpp"
#include "photo51/data/cohort/check.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

LabelSample sample_of(const Cohort& cohort, const std::vector<int64_t>& rows, const TaskSpec& spec) {
  LabelSample sample;
  for (const int64_t row : rows) {
    const auto& label = cohort.label(row, spec.head);
    if (label.known)
      sample.known.push_back(&label);
    else
      ++sample.unknown;
  }
  return sample;
}

}  // namespace

std::string label_counts(const Cohort& cohort, const std::vector<int64_t>& rows, const TaskSpec& spec) {
  const LabelSample sample = sample_of(cohort, rows, spec);
  return task_of(spec).counts(spec, sample) + unknown_count(sample);
}

void check_learnable(const Cohort& cohort, const std::vector<int64_t>& rows, const std::string& part) {
  for (const auto& spec : cohort.labels()) {
    const LabelSample sample = sample_of(cohort, rows, spec);
    const std::string who = "head " + spec.head + ": " + part + ": ";
    if (sample.known.empty())
      core::fail_data(who + "no patient has a known label in column `" + spec.column + "`");
    if (const Task& task = task_of(spec); task.check != nullptr) task.check(spec, sample, who);
  }
}

}  // namespace photo51::data
