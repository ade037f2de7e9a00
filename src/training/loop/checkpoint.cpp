#include "training/loop/checkpoint.hpp"

#include <ATen/ATen.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "core/learned.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::training {
namespace {

constexpr std::string_view model_prefix = "model.", average_prefix = "average.", moment_prefix = "optimizer.";

constexpr int64_t most = std::numeric_limits<int64_t>::max() / 2;

TrainState state_of(const nn::Metadata& metadata) {
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
  return core::with_context("the training state is broken", [&] {
    const auto json = core::parse_learned(text);
    const core::Learned told(json);
    TrainState s;
    s.epoch = told.at("epoch").whole(0, most);
    s.batch = told.at("batch").whole(0, most);
    s.steps = told.at("steps").whole(0, most);
    s.lr = told.at("lr").number(0);
    s.loss_sum = told.at("loss_sum").number();
    s.loss_count = told.at("loss_count").whole(0, most);
    const auto sums = told.at("part_sums"), counts = told.at("part_counts");
    for (const auto& head : sums.keys()) s.part_sums[head] = sums.at(head).number();
    for (const auto& head : counts.keys()) s.part_counts[head] = counts.at(head).whole(0, most);
    s.has_best = told.at("has_best").flag();
    s.best = told.at("best").number();
    s.best_epoch = told.at("best_epoch").whole(0, most);
    s.finished = told.at("finished").flag();
    s.history = told.at("history").texts();
    return s;
  });
}

void save_checkpoint(const std::filesystem::path& file, const inference::TrainedModel& member,
                     const Optimizer& optimizer, const ExponentialMovingAverage* average,
                     const TrainState& state) {
  nn::Tensors tensors;
  for (const auto& [name, tensor] : member.weights()) tensors[std::string(model_prefix) + name] = tensor;
  for (const auto& [name, tensor] : optimizer.state()) tensors[std::string(moment_prefix) + name] = tensor;
  auto metadata = inference::to_metadata(member.info);
  metadata["state"] = to_json(state);
  if (average != nullptr) {
    for (const auto& [name, tensor] : average->state()) tensors[std::string(average_prefix) + name] = tensor;
    metadata["average_steps"] = std::to_string(average->steps());
  }
  nn::write_safetensors(file, tensors, metadata);
}

TrainState load_checkpoint(const std::filesystem::path& file, inference::TrainedModel& member,
                           Optimizer& optimizer, ExponentialMovingAverage* average) {
  const auto stored = nn::read_safetensors(file);
  return core::with_context(file.string(), [&] {
    nn::Tensors model, moments, averaged;
    for (const auto& [name, tensor] : stored.tensors) {
      if (name.starts_with(model_prefix)) model[name.substr(model_prefix.size())] = tensor;
      if (name.starts_with(moment_prefix)) moments[name.substr(moment_prefix.size())] = tensor;
      if (name.starts_with(average_prefix)) averaged[name.substr(average_prefix.size())] = tensor;
    }
    TrainState state = state_of(stored.metadata);
    nn::load_state(*member.model, model, "weights");
    optimizer.load(moments);
    if (average != nullptr) {
      const auto steps = stored.metadata.find("average_steps");
      if (steps == stored.metadata.end()) core::fail_data("holds no averaged weights");
      const auto taken = core::parse_int(steps->second);
      if (!taken || *taken < 0) core::fail_data("`average_steps` is not a number of steps; train again");
      average->load(averaged, *taken);
    }
    return state;
  });
}

TrainState read_state(const std::filesystem::path& file) {
  const auto stored = nn::read_safetensors(file);
  return core::with_context(file.string(), [&] { return state_of(stored.metadata); });
}

}  // namespace photo51::training
