#include <algorithm>
#include <set>

#include "photo51/run/layout.hpp"
#include "report/sections.hpp"

namespace photo51::report {

namespace {

/// The predictions whose case is wanted and labelled, joined; nothing when there are none.
template <class Wanted>
std::optional<evaluation::ScoredPredictions> joined(const ReportInput& input, const data::TaskSpec& spec,
                                                    Wanted wanted) {
  std::vector<model::Prediction> some;
  const auto labels = input.truth.labels.find(spec.head);
  if (labels == input.truth.labels.end()) return std::nullopt;
  for (const auto& prediction : input.predictions) {
    if (prediction.head != spec.head || !wanted(prediction.case_id)) continue;
    const auto label = labels->second.find(prediction.case_id);
    if (label != labels->second.end() && label->second.known) some.push_back(prediction);
  }
  if (some.empty()) return std::nullopt;
  return evaluation::join(some, input.truth, spec);
}

}  // namespace

HeadCases cases_of(const ReportInput& input, const data::TaskSpec& spec) {
  std::set<std::string> test;
  for (const auto& row : input.cases)
    if (row.part == run::part::test) test.insert(row.id);
  HeadCases cases;
  cases.spec = spec;
  cases.shown = joined(input, spec, [&](const std::string& id) { return test.contains(id); });
  cases.held_out = cases.shown.has_value();
  if (cases.held_out)
    cases.development = joined(input, spec, [&](const std::string& id) { return !test.contains(id); });
  else
    cases.shown = joined(input, spec, [](const std::string&) { return true; });
  return cases;
}

std::string development_group(const ReportInput& input) {
  const bool one_split = std::any_of(input.metrics.begin(), input.metrics.end(), [](const auto& m) {
    return m.group.starts_with(run::group::validation);
  });
  return one_split ? run::group::validation : run::group::cross_validation;
}

const evaluation::Metric* find_metric(const ReportInput& input, const std::string& head,
                                      const std::string& metric, const std::string& group) {
  const auto found = std::find_if(input.metrics.begin(), input.metrics.end(), [&](const auto& m) {
    return m.head == head && m.metric == metric && m.group == group;
  });
  return found == input.metrics.end() ? nullptr : &*found;
}

}  // namespace photo51::report
