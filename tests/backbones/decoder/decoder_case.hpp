#pragma once
/// Decoders without an encoder: of stages that a test makes up.

#include <torch/nn/module.h>

#include <string>
#include <utility>
#include <vector>

#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::test {

struct DecoderCase {
  std::vector<int64_t> image_size;  ///< two: 2D
  std::vector<backbones::StageShape> stages;
  config::Choice encoder = config::choose("made_up");
  int64_t channels = 1, outputs = 1;

  backbones::DecoderInput input() const {
    return {.dims = static_cast<int64_t>(image_size.size()),
            .channels = channels,
            .outputs = outputs,
            .image_size = image_size,
            .stages = stages,
            .encoder = encoder};
  }
  std::shared_ptr<backbones::Decoder> make(const config::Choice& decoder) const {
    return backbones::make_decoder(decoder, input());
  }
  at::Tensor image() const { return map(channels, image_size); }
  backbones::Features features() const {
    backbones::Features found;
    for (const auto& stage : stages) found.stages.push_back(map(stage.width, stage.size));
    return found;
  }

 private:
  static at::Tensor map(int64_t width, const std::vector<int64_t>& size) {
    std::vector<int64_t> sizes{1, width};
    sizes.insert(sizes.end(), size.begin(), size.end());
    return at::randn(sizes);
  }
};

inline int64_t parameters_of(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

/// Sets the parameters whose name has `part`.
inline void fill(const torch::nn::Module& module, const std::string& part, double value) {
  const at::NoGradGuard no_grad;
  for (auto& [name, values] : nn::state_of(module))
    if (name.find(part) != std::string::npos) values.fill_(value);
}

}  // namespace photo51::test
