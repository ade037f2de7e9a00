#pragma once
/// Labels of a head as its task makes them.

#include <deque>

#include "data/fixture.hpp"
#include "photo51/data/task/task.hpp"
#include "support/errors.hpp"

namespace photo51::data {

class TaskTest : public CohortFolder {
 protected:
  /// The targets of the cohort's only head.
  static Targets collated(const Cohort& cohort) {
    const auto& spec = cohort.labels().at(0);
    std::vector<const Case::Label*> labels;
    for (int64_t row = 0; row < cohort.size(); ++row) labels.push_back(&cohort.label(row, spec.head));
    return task_of(spec).collate(spec, labels);
  }
  static std::deque<Case::Label> labels_of(const std::vector<double>& values) {
    std::deque<Case::Label> labels;
    for (const double value : values) labels.push_back({.known = true, .value = value});
    return labels;
  }
  static LabelSample sample(const std::deque<Case::Label>& labels) {
    LabelSample some;
    for (const auto& label : labels) some.known.push_back(&label);
    return some;
  }
};

}  // namespace photo51::data
