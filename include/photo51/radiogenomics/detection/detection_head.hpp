#pragma once
/// RetinaNet's head (Lin et al. 2017) in 2D and 3D: a feature pyramid over a network's stages, and two towers
/// of convolutions that all levels share, one for classes and one for boxes.

#include <torch/nn/module.h>

#include <memory>
#include <vector>

#include "photo51/nn/layers/norm.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/radiogenomics/detection/feature_pyramid.hpp"
#include "photo51/radiogenomics/detection/outputs.hpp"

namespace photo51::radiogenomics {

class DetectionHead : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims = 3;               ///< 2 or 3
    std::vector<int64_t> widths{};  ///< channels of the network's stages, finest first
    int64_t classes = 1;            ///< kinds of lesions
  };
  /// Initial values as RetinaNet's: small towers, and scores of `prior`. Errors (usage): those of the
  /// pyramid, not as many anchor sizes as levels, aspect ratios or weights of boxes of other axes, no class,
  /// a norm that there is not.
  DetectionHead(const DetectionOptions& options, const Shape& shape);

  /// `image_size` is that of the image that the network saw, ([z,] y, x).
  DetectionOutputs forward(const backbones::Features& found, at::IntArrayRef image_size);
  /// See detection_loss.hpp.
  DetectionLosses loss(const DetectionOutputs& outputs, const std::vector<BoxTargets>& targets) const;
  /// See select.hpp.
  std::vector<Detections> detect(const DetectionOutputs& outputs, at::IntArrayRef image_size) const;
  /// torchvision's RetinaNet, of today's names and of the older files', and MONAI's; pyramid and towers,
  /// whose anchors have to be asked for as theirs are.
  std::vector<nn::Dialect> dialects() const;

 private:
  /// Convolutions, norms and the last convolution, by torchvision's names.
  struct Tower {
    std::vector<std::shared_ptr<nn::Conv>> convs;
    std::vector<std::shared_ptr<nn::Norm>> norms;  ///< empty: none
    std::shared_ptr<nn::Conv> last;
  };
  Tower make_tower(const std::string& name, const std::string& last, int64_t out, double bias);
  /// [B, A * values, ...] of a level as [B, places * A, values].
  static at::Tensor per_anchor(const Tower& tower, const at::Tensor& level, int64_t values);

  DetectionOptions options_;
  Shape shape_;
  std::shared_ptr<FeaturePyramid> pyramid_;
  Tower classes_, boxes_;
};

}  // namespace photo51::radiogenomics
