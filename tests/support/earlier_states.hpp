#pragma once
/// Weights as versions wrote them whose format is `photo51 member 1`: what estimators learned is JSON in the
/// metadata.

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "photo51/learners/state.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::test {

inline nlohmann::json earlier_value(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kByte) {
    const auto* bytes = tensor.const_data_ptr<uint8_t>();
    return nlohmann::json::parse(bytes, bytes + tensor.numel());
  }
  if (tensor.dim() == 0) {
    if (tensor.scalar_type() == at::kLong) return tensor.item<int64_t>();
    return tensor.item<double>();
  }
  nlohmann::json list = nlohmann::json::array();
  if (tensor.dim() == 1) {
    for (int64_t i = 0; i < tensor.numel(); ++i) list.push_back(tensor[i].item<int64_t>());
    return list;
  }
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    list.push_back(nlohmann::json::array());
    for (int64_t j = 0; j < tensor.size(1); ++j) list.back().push_back(tensor[i][j].item<double>());
  }
  return {{"columns", tensor.size(1)}, {"rows", std::move(list)}};
}

/// What a head with an estimator learned, as the text that then stood in the metadata.
inline std::string earlier_state(const learners::State& state) {
  const learners::StateReader reader(state);
  nlohmann::json json{{"learner", reader.text("estimator")}, {"names", reader.texts("features")}};
  for (const auto& [name, tensor] : state) {
    if (!name.starts_with("fits.")) continue;
    std::string place = "/" + name;
    for (char& c : place)
      if (c == '.') c = '/';
    json[nlohmann::json::json_pointer(place)] = earlier_value(tensor);
  }
  return json.dump();
}

/// Gives the weights the earlier form.
inline void make_earlier(const std::filesystem::path& file) {
  auto stored = nn::read_safetensors(file);
  std::map<std::string, learners::State> states;
  for (const auto& [name, tensor] : stored.tensors)
    if (name.starts_with("heads.") && name.ends_with(".estimator"))
      states[name.substr(6, name.size() - 6 - std::string(".estimator").size())];
  nlohmann::json learners = nlohmann::json::object();
  for (auto& [head, state] : states) {
    const std::string prefix = "heads." + head + ".";
    for (auto at = stored.tensors.lower_bound(prefix);
         at != stored.tensors.end() && at->first.starts_with(prefix); at = stored.tensors.erase(at))
      state[at->first.substr(prefix.size())] = at->second;
    learners[head] = earlier_state(state);
  }
  stored.metadata["format"] = "photo51 member 1";
  stored.metadata["learners"] = learners.dump();
  nn::write_safetensors(file, stored.tensors, stored.metadata);
}

}  // namespace photo51::test
