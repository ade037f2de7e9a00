#pragma once
/// Combines whatever tokens are present into one embedding.

#include <torch/nn/module.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/encoder.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::fusion {

struct Fused {
  at::Tensor values;  ///< [B, D]
  /// Share of each input, [B], where the fusion has such a thing.
  std::map<std::string, at::Tensor> modality_weights = {};
  std::map<std::string, at::Tensor> attention = {};  ///< by name, without gradient, where it has any
  backbones::AuxiliaryLosses losses = {};
};

class Fusion : public torch::nn::Module {
 public:
  /// One entry for every input the fusion was built for, its tokens as the encoder yields them; a fusion of
  /// one embedding an input takes their `mean_token`.
  virtual Fused fuse(const std::map<std::string, backbones::Tokens>& inputs) = 0;
  /// D of the result.
  virtual int64_t width() const = 0;
};

/// Names of the inputs and the widths of their tokens, in the config's order.
using FusionInputs = std::vector<std::pair<std::string, int64_t>>;
using BuildFusion = std::shared_ptr<Fusion> (*)(const config::Choice& choice, const FusionInputs& inputs);
/// The fusions that a config may name. Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildFusion>& fusions();

/// Mean over the real tokens, [B, D] (zeros where there are none), and who has any, [B] bool.
std::pair<at::Tensor, at::Tensor> mean_token(const backbones::Tokens& tokens);

}  // namespace photo51::fusion
