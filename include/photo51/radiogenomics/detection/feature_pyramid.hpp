#pragma once
/// Lin et al., Feature pyramid networks for object detection, CVPR 2017: stages of a network become levels of
/// equal width, each of which knows of the coarser ones.

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "photo51/backbones/features.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/radiogenomics/detection/options.hpp"

namespace photo51::radiogenomics {

class FeaturePyramid : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims = 3;
    std::vector<int64_t> widths{};  ///< channels of the network's stages, finest first
  };
  /// Parameters are called as torchvision's FeaturePyramidNetwork has them. Errors (usage): no stage; a stage
  /// that there is not, or that is not after the one before it.
  FeaturePyramid(const PyramidOptions& options, const Shape& shape);
  /// Levels [B, channels, ...], finest first: as many as stages are taken, and the extra ones. Error (usage):
  /// fewer stages than the network was said to have.
  std::vector<at::Tensor> forward(const backbones::Features& found) const;
  size_t levels() const;

 private:
  ExtraLevels extra_;
  int64_t dims_;
  std::vector<int64_t> stages_;
  std::vector<std::shared_ptr<nn::Conv>> inner_, outer_, further_;
};

}  // namespace photo51::radiogenomics
