#include "photo51/radiogenomics/heads/head.hpp"

#include <torch/nn/module.h>

#include "photo51/core/error.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/nn/init.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {

at::Tensor Head::loss(const at::Tensor& raw, const data::Targets& labels) {
  const at::Tensor rows = data::known_rows(labels);
  if (rows.numel() == 0) return {};
  const at::Tensor wide = raw.scalar_type() == at::kDouble ? raw : raw.to(at::kFloat);
  return known_loss(wide.index_select(0, rows.to(raw.device())),
                    {labels.value.index_select(0, rows),
                     labels.event.defined() ? labels.event.index_select(0, rows) : at::Tensor(),
                     labels.known.index_select(0, rows)});
}

std::vector<at::Tensor> Head::forward_maps(const backbones::Features&, const at::Tensor&) {
  core::fail_usage("the head says something of a case as a whole and draws no map");
}

at::Tensor Head::map_loss(const std::vector<at::Tensor>&, const data::Targets&) {
  core::fail_usage("the head says something of a case as a whole and draws no map");
}

void Head::fit_at_once(const TrainingTable&) {
  core::fail_usage("the head is trained by steps and cannot be fitted at once");
}

void Head::load_learned(const nn::Tensors&, const std::vector<std::string>&) {
  core::fail_usage("the head is trained by steps: what it learned are its parameters and buffers");
}

at::Tensor filled(at::IntArrayRef shape, double value) {
  return nn::make_tensor(shape, [&](at::Tensor& t) { t.fill_(value); });
}

at::Tensor known_values(const data::Targets& training) {
  at::Tensor values = training.value.masked_select(training.known);
  if (values.numel() == 0) core::fail_data("no training case has a known label");
  return values;
}

void require_event(const data::Targets& training) {
  known_values(training);
  if (!(training.event & training.known).any().item<bool>())
    core::fail_data("all training patients are censored; survival needs observed events to learn from");
}

void require_all(const at::Tensor& right, const std::string& what) {
  if (!right.all().item<bool>()) core::fail_data(what + "; train the model again, or export it anew");
}

std::shared_ptr<Head> make_head(const config::Choice& head, const data::TaskSpec& label, int64_t width) {
  const TaskHead& row = head_of(head);
  if (label.task != head.name)
    core::fail_usage("task: the head's is `" + head.name + "` and its label's is `" + label.task + "`");
  if (data::task_of(label).has_named_classes() && label.classes.size() < 2)
    core::fail_usage("a " + label.task +
                     " head needs the names of its classes; set `classes` or fit them on a cohort");
  if (row.check != nullptr) row.check(head, label);
  if (row.estimator == nullptr || row.estimator(head).estimator.empty()) return row.make(head, label, width);
  const bool balanced = row.classes != nullptr && row.classes(head).class_weights == ClassWeights::inverse;
  return make_estimator_head(row.estimator(head), balanced, label);
}

}  // namespace photo51::radiogenomics
