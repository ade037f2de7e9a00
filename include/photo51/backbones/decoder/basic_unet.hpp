#pragma once
/// The decoder of MONAI's BasicUNet (Falk et al., U-Net: deep learning for cell counting, detection, and
/// morphometry, Nature Methods 2019), 2D or 3D, with its parameter names and layouts: at each level a
/// transposed convolution doubles the size of what lies below, the encoder's stage is put before it, and a
/// pair of convolutions joins the two.
///
///   MONAI BasicUNet    the encoder `basic_unet` and this one, each of which takes its part of the file

#include <torch/nn/module.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/nn/layers/conv.hpp"

namespace photo51::backbones {

class BasicUnetConv;

class BasicUnetDecoder : public Decoder {
 public:
  struct Shape {
    int64_t dims = 3;
    int64_t out_channels = 2;
    int64_t last_features = 32;  ///< of the finest level, the sixth number of MONAI's `features`
  };
  /// Of the encoder with these options. Error (usage): it has fewer than two stages.
  BasicUnetDecoder(const BasicUnetOptions& encoder, const Shape& shape);
  /// Error (usage) too: the encoder is no basic_unet.
  BasicUnetDecoder(const BasicUnetDecoderOptions& options, const DecoderInput& input);
  /// Where the size of a stage is odd, what comes from below is one short, and its last places are repeated.
  std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) override;
  std::vector<nn::Dialect> dialects() const override;

 private:
  struct Level {
    std::shared_ptr<torch::nn::Module> module;
    std::shared_ptr<nn::Conv> up;
    std::array<std::shared_ptr<BasicUnetConv>, 2> convs;
  };
  std::vector<Level> levels_;  ///< coarsest first
  std::shared_ptr<nn::Conv> last_;
};

}  // namespace photo51::backbones
