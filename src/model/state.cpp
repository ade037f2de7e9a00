// What of a model goes into files, and comes back.
#include <torch/nn/module.h>

#include "model/parts.hpp"
#include "photo51/core/error.hpp"
#include "photo51/model/model.hpp"

namespace photo51::model {
namespace {

/// Of the names of what a head learned.
std::string state_prefix(const std::string& head) {
  return "heads." + head + ".";
}

/// Takes what is called `prefix…` out of `tensors`; the names lose the prefix.
nn::Tensors take_out(nn::Tensors& tensors, const std::string& prefix) {
  nn::Tensors taken;
  auto next = tensors.lower_bound(prefix);
  for (; next != tensors.end() && next->first.starts_with(prefix); next = tensors.erase(next))
    taken[next->first.substr(prefix.size())] = next->second;
  return taken;
}

}  // namespace

std::map<std::string, nn::Pretrained> Model::pretrained() const {
  std::map<std::string, nn::Pretrained> found;
  for (const auto& encoder : parts_->encoders)
    if (auto from = encoder.module->pretrained()) found.emplace(encoder.input, std::move(*from));
  return found;
}

std::map<std::string, std::string> Model::programs() const {
  std::map<std::string, std::string> found;
  for (const auto& encoder : parts_->encoders)
    if (auto program = encoder.module->program(); !program.empty())
      found.emplace(encoder.input, std::move(program));
  return found;
}

nn::Tensors Model::state() const {
  nn::Tensors state = nn::state_of(*this);
  for (const auto& head : parts_->heads)
    if (head.module->fitted())
      for (const auto& [name, tensor] : head.module->learned())
        state[state_prefix(head.name) + name] = tensor;
  return state;
}

void Model::load_layers(const nn::Tensors& state, const std::string& source, const nn::LoadOptions& options) {
  nn::Tensors layers = state;
  for (const auto& head : parts_->heads)
    if (head.module->fitted_at_once()) take_out(layers, state_prefix(head.name));
  nn::load_state(*this, layers, source, options);
  forget_packed();
}

void Model::load_state(const nn::Tensors& state, const std::string& source, const nn::LoadOptions& options) {
  load_layers(state, source, options);
  check_heads();
  nn::Tensors rest = state;
  for (const auto& head : parts_->heads)
    if (head.module->fitted_at_once())
      core::with_context("head " + head.name, [&] {
        head.module->load_learned(take_out(rest, state_prefix(head.name)), head_feature_names(head.name));
      });
}

}  // namespace photo51::model
