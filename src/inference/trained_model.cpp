#include "photo51/inference/trained_model.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/learned.hpp"
#include "inference/prepared.hpp"
#include "learners/earlier_state.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/head.hpp"

namespace photo51::inference {
namespace {

using Json = nlohmann::json;
constexpr const char* format = "photo51 member 1";
/// What estimators learned lies among the tensors; that of the format before, as JSON in the metadata.
constexpr const char* format_with_estimators = "photo51 member 2";
constexpr int64_t most_folds = 1'000'000;
/// Of the metadata's `precision`, which only models have that were trained so.
constexpr const char* bf16_precision = "bf16";

int64_t whole_in(const std::string& text, const char* key) {
  const Json json(text);
  return core::Learned(json, key).whole_in_text(0, most_folds);
}

std::vector<std::string> class_names(const core::Learned& classes, const data::TaskSpec& label) {
  const auto told = classes.at(label.head);
  const data::Task& task = data::task_of(label);
  auto names = task.has_named_classes() ? told.different_texts() : told.texts();
  if (!task.names_outputs && !names.empty()) told.fail("this head has no names of classes");
  if (!label.classes.empty() && names.size() != label.classes.size())
    told.fail("holds " + std::to_string(names.size()) + " names where the head has " +
              std::to_string(label.classes.size()));
  return names;
}

RiskScale risk_scale(const core::Learned& told) {
  const auto numbers = told.numbers(2);
  if (numbers[1] <= 0) told.fail("its scale is not above 0");
  return {numbers[0], numbers[1]};
}

/// The root of one below 0 is no number, and so are the predictions, without an error.
void require_variances(const std::vector<std::pair<std::string, at::Tensor>>& weights) {
  for (const auto& [name, tensor] : weights)
    if (name.ends_with("running_var") && tensor.numel() > 0 && tensor.min().item<double>() < 0)
      core::fail_data("weights: `" + name + "` holds a variance below 0; train the model again");
}

/// Weights mean what they meant in the program that they were trained in, and behind the one that found the
/// region. `key` says what an entry is called in the config.
template <class Key>
void require_programs(const std::map<std::string, std::string>& at_training,
                      const std::map<std::string, std::string>& now, Key key) {
  for (const auto& [name, hash] : now)
    if (const auto trained = at_training.find(name); trained == at_training.end() || trained->second != hash)
      core::fail_data(key(name) + ": is another program than at training (" + hash + ", and was " +
                      (trained == at_training.end() ? std::string("none") : trained->second) +
                      "); put that one back, or train again");
}

/// `tensors` with what estimators learned, in the form of today, where the metadata hold it in the earlier
/// one.
nn::Tensors with_earlier_states(nn::Tensors tensors, const nn::Metadata& metadata) {
  const auto told = metadata.find("learners");
  if (told == metadata.end()) return tensors;
  const Json json = core::with_context("`learners`", [&] { return core::parse_learned(told->second); });
  const core::Learned states(json, "learners");
  for (const auto& head : states.keys())
    core::with_context("head " + head + ": what its estimator learned is broken", [&] {
      learners::add_part(tensors, "heads." + head, learners::state_of_earlier(states.at(head).text()));
    });
  return tensors;
}

}  // namespace

std::map<std::string, std::string> to_metadata(const TrainedModelInfo& info) {
  Json classes = Json::object(), risks = Json::object();
  for (const auto& label : info.labels) classes[label.head] = label.classes;
  for (const auto& [head, risk] : info.risks) risks[head] = {risk.center, risk.scale};
  std::map<std::string, std::string> metadata{{"format", format},
                                              {"fold", std::to_string(info.fold)},
                                              {"repeat", std::to_string(info.repeat)},
                                              {"fitted", data::to_json(info.fitted)},
                                              {"classes", classes.dump()},
                                              {"risks", risks.dump()}};
  if (!info.pretrained.empty()) metadata["pretrained"] = to_json(info.pretrained);
  if (!info.prepared.empty()) metadata["prepared"] = to_json(info.prepared);
  if (info.trained_in_bf16) metadata["precision"] = bf16_precision;
  if (!info.programs.empty()) metadata["programs"] = Json(info.programs).dump();
  if (!info.segmenters.empty()) metadata["segmenters"] = Json(info.segmenters).dump();
  return metadata;
}

TrainedModelInfo from_metadata(const std::map<std::string, std::string>& metadata,
                               std::vector<data::TaskSpec> labels, const data::Inputs& inputs) {
  const auto value = [&](const std::string& key) -> const std::string& {
    const auto found = metadata.find(key);
    if (found == metadata.end()) core::fail_data("the metadata lack `" + key + "`");
    return found->second;
  };
  const auto named = metadata.find("format");
  if (named == metadata.end() || (named->second != format && named->second != format_with_estimators))
    core::fail_data("not the weights of a trained photo51 model (its `format` is neither `" +
                    std::string(format) + "` nor `" + format_with_estimators + "`)");
  TrainedModelInfo info;
  info.labels = std::move(labels);
  const auto parsed = [&](const std::string& key) {
    return core::with_context("`" + key + "`", [&] { return core::parse_learned(value(key)); });
  };
  core::with_context("the metadata are broken or of another model", [&] {
    info.fold = whole_in(value("fold"), "fold");
    info.repeat = whole_in(value("repeat"), "repeat");
    info.fitted = data::fitted_from(value("fitted"), inputs);
    info.labels = data::fitted_labels(std::move(info.labels), info.fitted);
    const Json classes = parsed("classes"), risks = parsed("risks");
    for (auto& label : info.labels) label.classes = class_names(core::Learned(classes, "classes"), label);
    const core::Learned told(risks, "risks");
    for (const auto& head : told.keys()) info.risks[head] = risk_scale(told.at(head));
    if (metadata.contains("pretrained")) info.pretrained = pretrained_from(value("pretrained"));
    if (metadata.contains("prepared")) info.prepared = prepared_from(value("prepared"));
    if (const auto precision = metadata.find("precision"); precision != metadata.end()) {
      if (precision->second != bf16_precision)
        core::fail_data("`precision` is not " + std::string(bf16_precision) + ", the only one that is noted");
      info.trained_in_bf16 = true;
    }
    const auto take_hashes = [&](const char* key, std::map<std::string, std::string>& into) {
      if (!metadata.contains(key)) return;
      const Json programs = parsed(key);
      const core::Learned hashes(programs, key);
      for (const auto& name : hashes.keys()) into[name] = hashes.at(name).text();
    };
    take_hashes("programs", info.programs);
    take_hashes("segmenters", info.segmenters);
  });
  return info;
}

TrainedModel::TrainedModel(const PipelineOptions& pipeline, TrainedModelInfo info_)
    : info(std::move(info_)), inputs(data::input_info(pipeline.inputs, info.fitted)) {
  model = std::make_shared<model::Model>(pipeline.model, inputs, info.labels);
  info.programs = model->programs();
  info.segmenters = data::program_hashes(pipeline.inputs);
  for (const auto& [input, from] : model->pretrained()) {
    PretrainedInput note{from.file, from.library, from.changes, nn::made_for(from.metadata)};
    for (const auto& [name, choice] : pipeline.inputs)
      if (name == input)
        for (const auto& difference : unlike(note.made_for, name, choice))
          core::log_warning(difference + " (" + from.file + ")");
    info.pretrained[input] = std::move(note);
  }
}

TrainedModel TrainedModel::load(const std::filesystem::path& file, const PipelineOptions& pipeline) {
  const auto stored = nn::read_safetensors(file);
  return core::with_context(file.string(), [&] {
    TrainedModelInfo info =
        from_metadata(stored.metadata, model::label_specs(pipeline.model), pipeline.inputs);
    require_prepared(info.prepared, pipeline.inputs);
    const auto programs = info.programs, segmenters = info.segmenters;
    TrainedModel member = [&] {
      const nn::SkipInit skip;  // load_state fills every weight or fails
      return TrainedModel(pipeline, std::move(info));
    }();
    require_programs(programs, member.info.programs,
                     [](const auto& input) { return "model.encoders." + input + ".file"; });
    require_programs(segmenters, member.info.segmenters, [](const auto& key) { return "inputs." + key; });
    member.model->load_state(with_earlier_states(stored.tensors, stored.metadata), "weights",
                             {.share = true});
    require_variances(member.weights());
    return member;
  });
}

void TrainedModel::save(const std::filesystem::path& file) const {
  auto metadata = to_metadata(info);
  const auto heads = model->heads_fitted_at_once();
  if (std::ranges::any_of(heads, [&](const auto& head) { return model->head(head).fitted(); }))
    metadata["format"] = format_with_estimators;
  nn::write_safetensors(file, model->state(), metadata);
}

std::vector<std::pair<std::string, at::Tensor>> TrainedModel::weights() const {
  const auto state = nn::state_of(*model);
  return {state.begin(), state.end()};
}

}  // namespace photo51::inference
