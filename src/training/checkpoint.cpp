#include "training/checkpoint.hpp"

#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "photo51/backbones/weights.hpp"
#include "photo51/core/error.hpp"

namespace photo51::training {
namespace {

constexpr std::string_view model_prefix = "model.", average_prefix = "average.", moment_prefix = "optimizer.";

TrainState state_of(const backbones::Metadata& metadata) {
  const auto found = metadata.find("state");
  if (found == metadata.end()) core::fail_data("not a checkpoint of photo51: it holds no training state");
  return state_from_json(found->second);
}

}  // namespace

std::string to_json(const TrainState& s) {
  return nlohmann::ordered_json{{"epoch", s.epoch},           {"batch", s.batch},
                                {"steps", s.steps},           {"lr", s.lr},
                                {"loss_sum", s.loss_sum},     {"loss_count", s.loss_count},
                                {"part_sums", s.part_sums},   {"part_counts", s.part_counts},
                                {"has_best", s.has_best},     {"best", s.best},
                                {"best_epoch", s.best_epoch}, {"finished", s.finished},
                                {"history", s.history}}
      .dump();
}

TrainState state_from_json(const std::string& text) {
  TrainState s;
  try {
    const auto json = nlohmann::json::parse(text);
    json.at("epoch").get_to(s.epoch);
    json.at("batch").get_to(s.batch);
    json.at("steps").get_to(s.steps);
    json.at("lr").get_to(s.lr);
    json.at("loss_sum").get_to(s.loss_sum);
    json.at("loss_count").get_to(s.loss_count);
    json.at("part_sums").get_to(s.part_sums);
    json.at("part_counts").get_to(s.part_counts);
    json.at("has_best").get_to(s.has_best);
    json.at("best").get_to(s.best);
    json.at("best_epoch").get_to(s.best_epoch);
    json.at("finished").get_to(s.finished);
    json.at("history").get_to(s.history);
  } catch (const nlohmann::json::exception& error) {
    core::fail_data(std::string("the training state is broken: ") + error.what());
  }
  return s;
}

void save_checkpoint(const std::filesystem::path& file, const inference::Member& member,
                     const Optimizer& optimizer, const WeightAverage* average, const TrainState& state) {
  backbones::Tensors tensors;
  for (const auto& [name, tensor] : member.weights()) tensors[std::string(model_prefix) + name] = tensor;
  for (const auto& [name, tensor] : optimizer.state()) tensors[std::string(moment_prefix) + name] = tensor;
  auto metadata = inference::to_metadata(member.info);
  metadata["state"] = to_json(state);
  if (average != nullptr) {
    for (const auto& [name, tensor] : average->state()) tensors[std::string(average_prefix) + name] = tensor;
    metadata["average_steps"] = std::to_string(average->steps());
  }
  backbones::write_safetensors(file, tensors, metadata);
}

TrainState load_checkpoint(const std::filesystem::path& file, inference::Member& member, Optimizer& optimizer,
                           WeightAverage* average) {
  const auto stored = backbones::read_safetensors(file);
  return core::with_context(file.string(), [&] {
    backbones::Tensors model, moments, averaged;
    for (const auto& [name, tensor] : stored.tensors) {
      if (name.starts_with(model_prefix)) model[name.substr(model_prefix.size())] = tensor;
      if (name.starts_with(moment_prefix)) moments[name.substr(moment_prefix.size())] = tensor;
      if (name.starts_with(average_prefix)) averaged[name.substr(average_prefix.size())] = tensor;
    }
    TrainState state = state_of(stored.metadata);
    backbones::load_state(*member.model, model, "weights");
    optimizer.load(moments);
    if (average != nullptr) {
      const auto steps = stored.metadata.find("average_steps");
      if (steps == stored.metadata.end()) core::fail_data("holds no averaged weights");
      average->load(averaged, std::stoll(steps->second));
    }
    return state;
  });
}

TrainState read_state(const std::filesystem::path& file) {
  const auto stored = backbones::read_safetensors(file);
  return core::with_context(file.string(), [&] { return state_of(stored.metadata); });
}

}  // namespace photo51::training
