#include "training/loop/validation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "photo51/data/task/task.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/expression.hpp"
#include "photo51/evaluation/regression.hpp"
#include "photo51/evaluation/survival.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/inference/windows.hpp"
#include "photo51/model/model.hpp"
#include "training/loop/map_validation.hpp"

namespace photo51::training {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::vector<double> numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.to(at::kDouble).cpu().contiguous().view(-1);
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

/// Of the cases all of whose labels are known.
double head_metric(const data::TaskSpec& spec, const at::Tensor& predicted, const data::Targets& labels) {
  const at::Tensor known = labels.known.dim() > 1 ? labels.known.all(1) : labels.known;
  const at::Tensor rows = known.nonzero().view(-1);
  if (rows.numel() == 0) return undefined;
  const data::Task& task = data::task_of(spec);
  evaluation::ScoredPredictions scored;
  scored.spec = spec;
  if (task.has_classes() || task.names_outputs) scored.classes = task.output_names(spec);
  const at::Tensor chosen = predicted.cpu().index_select(0, rows);
  const int64_t width = scored.width();
  scored.predicted = numbers(chosen.narrow(1, chosen.size(1) - width, width));
  const auto truth = numbers(labels.value.index_select(0, rows));
  if (task.has_classes())
    for (const double value : truth) scored.label.push_back(static_cast<int>(value));
  else
    scored.value = truth;
  if (task.has_events) {
    const auto observed = numbers(labels.event.index_select(0, rows));
    scored.event.assign(observed.begin(), observed.end());
  }
  return evaluation::headline(scored);
}

/// Stacks the batches of a pass: the heads' raw outputs, and labels.
struct Collected {
  std::map<std::string, std::vector<at::Tensor>> logits, value, event, known;
  std::vector<std::string> cases;
};

}  // namespace

bool has_metric(const data::TaskSpec& spec, const data::Cohort& cohort, const std::vector<int64_t>& rows) {
  std::vector<const data::Case::Label*> known;
  for (const int64_t row : rows)
    if (const auto& label = cohort.label(row, spec.head); label.known) known.push_back(&label);
  if (known.empty()) return false;
  const auto is_defined = evaluation::metrics_of(spec.task).is_defined;
  return is_defined == nullptr || is_defined(known);
}

bool has_loss(const data::TaskSpec& spec, const data::Cohort& cohort, const std::vector<int64_t>& rows,
              bool needs_event) {
  return std::any_of(rows.begin(), rows.end(), [&](int64_t row) {
    const auto& label = cohort.label(row, spec.head);
    return label.known && (!needs_event || label.event);
  });
}

Validation validate(inference::TrainedModel& member, const data::Cohort& cohort,
                    const data::CaseLoader& cases, const std::vector<int64_t>& rows,
                    const inference::InferenceOptions& options) {
  Validation result{undefined, undefined};
  if (rows.empty()) return result;
  const at::NoGradGuard no_grad;
  member.model->eval();
  Collected all;
  MapValidation maps(member);
  inference::InferenceOptions pass = options;
  pass.maps = maps.any();
  inference::for_each_batch(member, cohort, cases, rows, pass, [&](const data::Batch& batch) {
    auto outputs = inference::forward_whole(member, batch);
    maps.take(outputs, batch);
    for (const auto& [head, tensor] : outputs.logits) all.logits[head].push_back(tensor);
    for (const auto& [head, labels] : batch.labels) {
      if (maps.draws(head)) continue;
      all.value[head].push_back(labels.value);
      all.known[head].push_back(labels.known);
      if (labels.event.defined()) all.event[head].push_back(labels.event);
    }
    all.cases.insert(all.cases.end(), batch.cases.begin(), batch.cases.end());
  });
  if (all.cases.empty()) return result;

  model::Outputs outputs;
  data::Batch whole;
  whole.cases = all.cases;
  for (const auto& [head, tensors] : all.logits) outputs.logits[head] = at::cat(tensors);
  for (const auto& [head, tensors] : all.value) {
    auto& labels = whole.labels[head];
    labels.value = at::cat(tensors);
    labels.known = at::cat(all.known.at(head));
    if (all.event.contains(head)) labels.event = at::cat(all.event.at(head));
  }
  const at::Tensor loss = member.model->loss(outputs, whole);
  if (loss.defined()) result.loss = loss.item<double>();
  if (const double of_maps = maps.loss(); !std::isnan(of_maps))
    result.loss = std::isnan(result.loss) ? of_maps : result.loss + of_maps;

  const auto predicted = member.model->predict(outputs);
  double sum = 0;
  int64_t count = 0;
  for (const auto& spec : member.info.labels) {
    if (!predicted.contains(spec.head)) continue;  // has an estimator, which comes later
    const double value = head_metric(spec, predicted.at(spec.head), whole.labels.at(spec.head));
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  for (const double value : maps.metrics()) {
    sum += value;
    ++count;
  }
  if (count > 0) result.metric = sum / static_cast<double>(count);
  return result;
}

}  // namespace photo51::training
