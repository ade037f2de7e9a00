#include "photo51/fusion/fusion.hpp"

#include <torch/nn/module.h>

#include "photo51/fusion/concat.hpp"
#include "photo51/fusion/gated.hpp"

namespace photo51::fusion {

std::pair<at::Tensor, at::Tensor> mean_token(const backbones::Tokens& tokens) {
  const at::Tensor& values = tokens.values;
  const at::Tensor mask = tokens.mask.unsqueeze(2).to(values.scalar_type());
  const at::Tensor mean =
      values.size(1) == 1 ? (values * mask).squeeze(1) : (values * mask).sum(1) / mask.sum(1).clamp_min(1);
  return {mean, tokens.mask.any(1)};
}

config::Catalogue<BuildFusion>& fusions() {
  static config::Catalogue<BuildFusion> table = {
      {config::component<ConcatOptions>("concat", "embeddings side by side; absent ones replaced"),
       [](const config::Choice& choice, const FusionInputs& inputs) -> std::shared_ptr<Fusion> {
         return std::make_shared<Concat>(choice.as<ConcatOptions>(), inputs);
       }},
      {config::component<GatedOptions>("gated", "sum of embeddings weighted by a softmax gate"),
       [](const config::Choice& choice, const FusionInputs& inputs) -> std::shared_ptr<Fusion> {
         return std::make_shared<Gated>(choice.as<GatedOptions>(), inputs);
       }},
  };
  return table;
}

}  // namespace photo51::fusion
