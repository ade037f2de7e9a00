#pragma once
/// The encoder of nnU-Net as MONAI's DynUNet has it (Isensee et al., nnU-Net: a self-configuring method for
/// deep learning-based biomedical image segmentation, Nature Methods 2021), 2D or 3D, with MONAI's parameter
/// names and layouts: a stage is two convolutions with norm and leaky ReLU (slope 0.01), the first of which
/// has the stage's stride; with `res_block` they have a shortcut.
///
///   MONAI DynUNet(filters=None, kernel_size=[3] * 6, strides=[1, 2, 2, 2, 2, 2])   {}
///
/// `photo51 plan` writes strides, kernels and features by nnU-Net's rules.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "photo51/backbones/encoder_row.hpp"
#include "photo51/backbones/image_encoder_options.hpp"

namespace photo51::backbones {

struct DynUnetOptions {
  /// Of each stage, one for all axes or one an axis ([z,] y, x): "2", "1x2x2".
  std::vector<std::string> strides{"1", "2", "2", "2", "2", "2"};
  std::vector<std::string> kernels{};  ///< of each stage, odd; empty: 3
  /// Channels of each stage (MONAI's `filters`); empty: 32, 64, ..., at most 320 in 3D and 512 in 2D.
  std::vector<int64_t> features{};
  bool res_block = false;
  std::string norm = "instance";  ///< a row of nn::norms
  double dropout = 0;             ///< behind every convolution
  ImageEncoderOptions encoder;
};
void describe(config::Fields& f, DynUnetOptions& o);

/// What the options say in these dimensions, for encoder and decoder.
struct DynUnetStages {
  std::vector<std::vector<int64_t>> strides, kernels;  ///< by stage and axis
  std::vector<int64_t> features;
};
/// Errors (usage): sizes of other dimensions; a stride more than one above its kernel, which would leave out
/// places.
DynUnetStages dynunet_stages(const DynUnetOptions& options, int64_t dims);

/// Its stages, which are the skips of the decoder: each axis divided by the strides so far, rounded up. With
/// `classes` > 0 a classifier `fc` is added, which only `logits` uses. Of files with the whole network the
/// decoder (`upsamples`, `output_block`, `deep_supervision_heads`) is left out, and `skip_layers`, by which
/// MONAI names everything once more. Errors (usage): those of `dynunet_stages`.
std::shared_ptr<Backbone> make_dynunet(const DynUnetOptions& options, const InputShape& shape,
                                       int64_t classes = 0);
EncoderRow dynunet_row();

}  // namespace photo51::backbones
