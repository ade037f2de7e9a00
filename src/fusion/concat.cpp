#include "photo51/fusion/concat.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/init.hpp"

namespace photo51::fusion {

Concat::Concat(const ConcatOptions& options, const FusionInputs& inputs) : options_(options) {
  auto projections = std::make_shared<torch::nn::Module>(), absents = std::make_shared<torch::nn::Module>();
  for (const auto& [name, width] : inputs) {
    Input input{name, nullptr, {}};
    const int64_t features = options.width > 0 ? options.width : width;
    if (options.width > 0)
      input.project = projections->register_module(name, std::make_shared<nn::Linear>(width, features));
    if (options.absent == AbsentInput::learned)
      input.absent =
          absents->register_parameter(name, nn::make_tensor({features}, [](at::Tensor& t) { t.zero_(); }));
    width_ += features + (options.presence ? 1 : 0);
    inputs_.push_back(std::move(input));
  }
  if (options.width > 0) register_module("project", projections);
  if (options.absent == AbsentInput::learned) register_module("absent", absents);
}

Fused Concat::fuse(const std::map<std::string, backbones::Tokens>& inputs) {
  std::vector<at::Tensor> parts, presence;
  for (const auto& input : inputs_) {
    auto [values, present] = mean_token(inputs.at(input.name));
    if (input.project) values = input.project->forward(values);
    const at::Tensor instead = input.absent.defined() ? input.absent : at::zeros({1}, values.options());
    parts.push_back(at::where(present.unsqueeze(1), values, instead.to(values.scalar_type())));
    presence.push_back(present.to(values.scalar_type()).unsqueeze(1));
  }
  if (options_.presence) parts.insert(parts.end(), presence.begin(), presence.end());
  return {at::cat(parts, 1)};
}

}  // namespace photo51::fusion
