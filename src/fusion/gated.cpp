#include "photo51/fusion/gated.hpp"

#include <torch/nn/module.h>

#include <limits>

namespace photo51::fusion {

Gated::Gated(const GatedOptions& options, const FusionInputs& inputs) : options_(options) {
  const auto group = [this](const char* name) {
    return register_module(name, std::make_shared<torch::nn::Module>());
  };
  const auto norms = group("norm"), projections = group("project"), gates = group("gate");
  for (const auto& [name, width] : inputs)
    inputs_.push_back({name, norms->register_module(name, std::make_shared<nn::LayerNorm>(width)),
                       projections->register_module(name, std::make_shared<nn::Linear>(width, options.width)),
                       gates->register_module(name, std::make_shared<nn::Linear>(options.width, 1))});
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
}

Fused Gated::fuse(const std::map<std::string, backbones::Tokens>& inputs) {
  std::vector<at::Tensor> embeddings, scores, presence;
  for (const auto& input : inputs_) {
    const auto [values, present] = mean_token(inputs.at(input.name));
    const at::Tensor embedding = input.project->forward(input.norm->forward(values)).tanh();
    scores.push_back(input.gate->forward(embedding).squeeze(1).to(at::kFloat));
    embeddings.push_back(dropout_->forward(embedding));
    presence.push_back(present);
  }
  const at::Tensor present = at::stack(presence, 1);  // [B, M]
  // A finite stand-in for minus infinity keeps rows without any input free of NaN; the mask then zeroes them.
  const at::Tensor masked = at::stack(scores, 1).masked_fill(~present, std::numeric_limits<float>::lowest());
  const at::Tensor shares = masked.softmax(1) * present;
  const at::Tensor stacked = at::stack(embeddings, 1);  // [B, M, width]
  Fused fused{(stacked * shares.unsqueeze(2)).sum(1)};
  for (size_t m = 0; m < inputs_.size(); ++m)
    fused.modality_weights[inputs_[m].name] = shares.select(1, static_cast<int64_t>(m));
  return fused;
}

}  // namespace photo51::fusion
