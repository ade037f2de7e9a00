#include "photo51/evaluation/scored.hpp"

#include <algorithm>
#include <cmath>

#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::evaluation {

namespace {

using Rows = std::map<std::string, std::map<std::string, const model::Prediction*>>;  // case -> class -> row

Rows rows_of(const std::vector<model::Prediction>& predictions, const std::string& head) {
  Rows rows;
  for (const auto& prediction : predictions) {
    if (prediction.head != head) continue;
    const std::string where = "case " + prediction.case_id + ": head " + head;
    if (!std::isfinite(prediction.value))
      core::fail_data(where +
                      ": the prediction is not a number; check the case's input for voxels that are NaN");
    if (!rows[prediction.case_id].emplace(prediction.class_name, &prediction).second)
      core::fail_data(where + ": predicted twice; predictions hold one row a case and class");
  }
  return rows;
}

/// The truth's class names first, then those that only predictions know (absent from this cohort).
std::vector<std::string> class_names(const data::TaskSpec& spec, const Rows& rows) {
  auto names = data::task_of(spec).output_names(spec);
  if (!data::task_of(spec).has_named_classes()) return names;
  for (const auto& [case_id, classes] : rows)
    for (const auto& [name, row] : classes)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

/// The scores of a case's map; all undefined where it was not scored.
void add_map(ScoredPredictions& scored, const GroundTruth& truth, const std::string& case_id) {
  std::vector<MapScore> of_case;
  if (const auto head = truth.maps.find(scored.spec.head); head != truth.maps.end())
    if (const auto found = head->second.find(case_id); found != head->second.end()) of_case = found->second;
  for (const auto& name : scored.classes) {
    const auto found =
        std::ranges::find_if(of_case, [&](const MapScore& one) { return one.class_name == name; });
    const MapScore none{name, undefined, undefined, undefined, undefined, undefined};
    const MapScore& one = found == of_case.end() ? none : *found;
    if (&name == &scored.classes.front()) scored.maps.emplace_back();
    scored.maps.back().push_back(one);
    scored.value.push_back(one.true_ml);
  }
}

}  // namespace

int64_t ScoredPredictions::width() const {
  return data::task_of(spec).names_outputs ? static_cast<int64_t>(classes.size()) : 1;
}

size_t ScoredPredictions::values_per_case() const {
  return cases.empty() ? 0 : value.size() / cases.size();
}

ScoredPredictions ScoredPredictions::pick(const std::vector<int64_t>& patients) const {
  ScoredPredictions some;
  some.spec = spec;
  some.classes = classes;
  const auto columns = static_cast<size_t>(width());
  const size_t values = values_per_case();
  for (const int64_t patient : patients) {
    const auto i = static_cast<size_t>(patient);
    some.cases.push_back(cases[i]);
    for (size_t c = 0; c < columns; ++c) {
      some.predicted.push_back(predicted[i * columns + c]);
      some.low.push_back(low[i * columns + c]);
      some.high.push_back(high[i * columns + c]);
    }
    for (size_t c = 0; c < values; ++c) some.value.push_back(value[i * values + c]);
    if (!label.empty()) some.label.push_back(label[i]);
    if (!event.empty()) some.event.push_back(event[i]);
    if (!maps.empty()) some.maps.push_back(maps[i]);
  }
  return some;
}

ScoredPredictions join(const std::vector<model::Prediction>& predictions, const GroundTruth& truth,
                       const data::TaskSpec& spec) {
  ScoredPredictions scored;
  scored.spec = spec;
  const auto rows = rows_of(predictions, spec.head);
  if (rows.empty()) core::fail_data("head " + spec.head + ": the predictions have no row for it");
  const data::Task& task = data::task_of(spec);
  if (task.has_classes() || task.names_outputs) scored.classes = class_names(spec, rows);
  // Of two classes the probability of the second says all.
  const std::vector<std::string> wanted =
      task.names_outputs ? scored.classes : std::vector{task.output_names(spec).back()};
  const auto labels = truth.labels.find(spec.head);
  for (const auto& [case_id, classes] : rows) {
    if (labels == truth.labels.end()) break;
    const auto found = labels->second.find(case_id);
    if (found == labels->second.end() || !found->second.known) continue;
    const auto& label = found->second;
    for (const auto& name : wanted) {
      const auto row = classes.find(name);
      if (row == classes.end())
        core::fail_data("case " + case_id + ": head " + spec.head +
                        ": the predictions have no row of class `" + name + "`");
      scored.predicted.push_back(row->second->value);
      scored.low.push_back(row->second->low);
      scored.high.push_back(row->second->high);
    }
    scored.cases.push_back(case_id);
    if (task.is_dense)
      add_map(scored, truth, case_id);
    else if (task.has_classes())
      scored.label.push_back(static_cast<int>(label.value));
    else if (task.names_outputs)
      scored.value.insert(scored.value.end(), label.values.begin(), label.values.end());
    else
      scored.value.push_back(label.value);
    if (task.has_events) scored.event.push_back(label.event ? 1 : 0);
  }
  if (task.names_outputs && !task.has_classes() && scored.value.size() != scored.predicted.size())
    core::fail_data("head " + spec.head + ": the predictions' genes are not those of the table of truth");
  if (scored.cases.empty())
    core::fail_data("head " + spec.head + ": none of the " + std::to_string(rows.size()) +
                    " predicted cases has a known label in column `" + spec.column + "`");
  return scored;
}

}  // namespace photo51::evaluation
