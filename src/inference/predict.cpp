#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>
#include <optional>

#include "inference/map_collector.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/for_each_batch.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/inference/windows.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {
namespace {

void append(const TrainedModel& member, const data::Batch& batch,
            const std::map<std::string, at::Tensor>& outputs, std::vector<model::Prediction>& predictions) {
  std::map<std::string, at::Tensor> values;
  for (const auto& [head, tensor] : outputs)
    values[head] = tensor.detach().to(at::kDouble).cpu().contiguous();
  for (int64_t row = 0; row < batch.size(); ++row) {
    for (const auto& label : member.info.labels) {
      if (!values.contains(label.head)) continue;  // a map
      const auto names = data::task_of(label).output_names(label);
      const double* value =
          values.at(label.head).const_data_ptr<double>() + row * static_cast<int64_t>(names.size());
      const auto scale = member.info.risks.find(label.head);
      for (size_t c = 0; c < names.size(); ++c) {
        double shown = value[c];
        if (scale != member.info.risks.end()) shown = (shown - scale->second.center) / scale->second.scale;
        predictions.push_back(
            {batch.cases[static_cast<size_t>(row)], label.head, names[c], shown, shown, shown});
      }
    }
  }
}

/// Of heads that outline: the mean probability of each class over the places.
void append_shares(const TrainedModel& member, const data::Batch& batch, const model::Outputs& outputs,
                   std::vector<model::Prediction>& predictions) {
  for (int64_t row = 0; row < batch.size(); ++row)
    for (const auto& label : member.info.labels) {
      const auto found = outputs.logits.find(label.head);
      if (!data::task_of(label).is_dense || found == outputs.logits.end()) continue;
      const at::Tensor shares =
          found->second[row].to(at::kDouble).softmax(0).flatten(1).mean(1).cpu().contiguous();
      for (size_t k = 0; k < label.classes.size(); ++k) {
        const double share = shares.const_data_ptr<double>()[k + 1];
        predictions.push_back(
            {batch.cases[static_cast<size_t>(row)], label.head, label.classes[k], share, share, share});
      }
    }
}

/// With inputs that are leaves of a graph.
data::Batch differentiable(data::Batch batch) {
  for (auto& [name, input] : batch.inputs) {
    input = data::floats(std::move(input));
    if (input.values.defined() && input.values.is_floating_point())
      input.values = input.values.detach().set_requires_grad(true);
  }
  return batch;
}

}  // namespace

std::vector<int64_t> with_any_input(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                    const std::function<void(int64_t row, const std::string& why)>& without) {
  std::vector<std::string> names;
  for (const auto& [name, input] : cohort.inputs()) names.push_back(name);
  const std::string why = "it has none of the inputs " + core::join(names, ", ");
  std::vector<int64_t> kept;
  for (const int64_t row : rows) {
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& name) { return cohort.has_input(row, name); }))
      kept.push_back(row);
    else
      without(row, why);
  }
  return kept;
}

void for_each_batch(const TrainedModel& member, const data::Cohort& cohort, const data::CaseLoader& cases,
                    const std::vector<int64_t>& rows, const InferenceOptions& options,
                    const std::function<void(const data::Batch& batch)>& each) {
  data::BatchPass pass;
  pass.rows = rows;
  pass.loading.flip = options.flip;
  pass.loading.batch_size = sees_parts(member.inputs) ? 1 : options.batch_size;
  pass.loading.maps = options.maps;
  pass.loading.workers = options.workers;
  pass.loading.skip_bad = options.skip_bad;
  pass.loading.on_bad = options.on_bad;
  if (!options.gradients)
    pass.loading.encode_bags = [&](const data::Batch& batch) { return member.model->encode_bags(batch); };
  data::for_each_batch(cohort, cases, member.info.fitted, std::move(pass), [&](const data::Batch& batch) {
    each(batch);
    if (options.on_done) options.on_done(batch.size());
    return true;
  });
}

std::vector<model::Prediction> predict(TrainedModel& member, const data::Cohort& cohort,
                                       const data::CaseLoader& cases, const std::vector<int64_t>& rows,
                                       const InferenceOptions& options) {
  const c10::InferenceMode inference(!options.gradients);
  const at::AutoGradMode graph(options.gradients);
  member.model->eval();
  std::vector<model::Prediction> predictions;
  std::optional<core::Progress> progress;
  InferenceOptions pass = options;
  if (!pass.on_done) {
    progress.emplace("predicting", static_cast<int64_t>(rows.size()), core::Progress::Show::if_slow);
    pass.on_done = [&](int64_t count) { progress->advance(count); };
  }
  for_each_batch(member, cohort, cases, rows, pass, [&](const data::Batch& batch) {
    const data::Batch seen = options.gradients ? differentiable(batch) : batch;
    const model::Outputs outputs = forward_whole(member, seen, {.mirror = options.mirror});
    const auto predicted = member.model->predict(outputs);
    append(member, seen, predicted, predictions);
    if (options.on_outputs) options.on_outputs(seen, outputs, predicted);
  });
  return predictions;
}

std::vector<model::Prediction> predict(TrainedModel& member, const data::Batch& batch) {
  const c10::InferenceMode inference;
  member.model->eval();
  std::vector<model::Prediction> predictions;
  const model::Outputs outputs = member.model->forward(batch);
  append(member, batch, member.model->predict(outputs), predictions);
  append_shares(member, batch, outputs, predictions);
  return predictions;
}

void predict_maps(const std::vector<TrainedModel*>& members, const data::Cohort& cohort,
                  const data::CaseLoader& images, const std::vector<int64_t>& rows,
                  const InferenceOptions& options, const std::function<void(const CaseMap& map)>& on_map) {
  if (members.empty() || members.front()->model->map_heads().empty()) return;
  const auto& labels = members.front()->info.labels;
  core::Progress progress("outlining", static_cast<int64_t>(rows.size()), core::Progress::Show::if_slow);
  std::vector<std::unique_ptr<data::CaseLoader>> loaders;
  for (const auto* member : members)
    loaders.push_back(std::make_unique<data::CaseLoader>(images, member->info.fitted));
  for (const int64_t row : rows) {
    MapCollector collector;
    InferenceOptions pass = options;
    pass.batch_size = 1;
    pass.on_done = [](int64_t) {};
    for (size_t m = 0; m < members.size(); ++m) {
      pass.on_outputs = [&](const auto& batch, const auto& outputs, const auto&) {
        collector.add(*members[m], batch, outputs);
      };
      predict(*members[m], cohort, *loaders[m], {row}, pass);
    }
    for (const auto& map : collector.maps(labels, {cohort.id(row)})) on_map(map);
    progress.advance(1);
  }
}

}  // namespace photo51::inference
