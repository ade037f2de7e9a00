/// The decoder of Swin UNETR (Hatamizadeh et al. 2022) as MONAI has it: a residual block for the image and
/// for each stage but the last but one, and from level to level a transposed convolution and a block that
/// join what lies below and the stage's. The last step leads from the patches to the image.
///
///   MONAI SwinUNETR(feature_size=24)   {}

#include <torch/nn/module.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "backbones/cnn/dynunet_block.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/default_conv.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

/// Error (usage): a stage is not half the one before, or there is one alone.
void require_swin_unetr_stages(const DecoderInput& input) {
  const auto& stages = input.stages;
  bool fits = stages.size() > 1;
  for (size_t i = 1; i < stages.size(); ++i)
    for (size_t axis = 0; axis < stages[i].size.size(); ++axis)
      fits = fits && std::abs(2 * stages[i].size[axis] - stages[i - 1].size[axis]) <= 1;
  if (!fits)
    core::fail_usage(
        "the decoder `swin_unetr` needs two stages or more, each half as large as the one "
        "before, and those of `" +
        input.encoder.name + "` are not so; take `decoder: unet`");
}

class SwinUnetrDecoder final : public Decoder {
 public:
  SwinUnetrDecoder(const SwinUnetrDecoderOptions& options, const DecoderInput& input) {
    require_swin_unetr_stages(input);
    const auto& stages = input.stages;
    const auto block_of = [&](int64_t in, int64_t out) {
      return DynUnetBlockShape{.dims = input.dims,
                               .in = in,
                               .out = out,
                               .norm = options.norm,
                               .affine = options.affine,
                               .residual = true,
                               .make_conv = make_default_conv};
    };
    const auto add_block = [&](const std::string& name, int64_t in, int64_t out) {
      return register_module(name, std::make_shared<torch::nn::Module>())
          ->register_module("layer", std::make_shared<DynUnetBlock>(block_of(in, out)));
    };
    const int64_t finest = stages.front().width;
    image_ = add_block("encoder1", input.channels, finest);
    for (size_t i = 0; i + 2 < stages.size(); ++i)
      skips_.push_back(add_block("encoder" + std::to_string(i + 2), stages[i].width, stages[i].width));
    last_stage_ = add_block("encoder10", stages.back().width, stages.back().width);
    std::vector<int64_t> patch;
    for (size_t axis = 0; axis < stages.front().size.size(); ++axis)
      patch.push_back((input.image_size[axis] + stages.front().size[axis] - 1) / stages.front().size[axis]);
    int64_t below = stages.back().width;
    for (size_t level = stages.size(); level > 0; --level) {
      const int64_t width = level > 1 ? stages[level - 2].width : finest;
      DynUnetUpShape up{.block = block_of(2 * width, width), .below = below};
      if (level == 1) up.upsample = patch;
      ups_.push_back(register_module("decoder" + std::to_string(level), std::make_shared<DynUnetUp>(up)));
      below = width;
    }
    auto last = register_module("out", std::make_shared<torch::nn::Module>());
    last_ = add_wrapped_conv(
        *last, "conv",
        make_default_conv(
            {.dims = input.dims, .in = finest, .out = input.outputs, .kernel = 1, .bias = true}));
  }

  std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) override {
    at::Tensor x = last_stage_->forward(found.stages.back());
    for (size_t i = 0; i + 1 < ups_.size(); ++i) {
      const size_t stage = ups_.size() - 2 - i;
      const at::Tensor& skip = found.stages[stage];
      x = ups_[i]->forward(x, stage < skips_.size() ? skips_[stage]->forward(skip) : skip);
    }
    return {last_->forward(ups_.back()->forward(x, image_->forward(image)))};
  }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI", .classifier = {"head."}, .ignored = {"swinViT", "swin_vit"}}};
  }

 private:
  std::shared_ptr<DynUnetBlock> image_, last_stage_;
  std::vector<std::shared_ptr<DynUnetBlock>> skips_;  ///< finest first, without the last two stages
  std::vector<std::shared_ptr<DynUnetUp>> ups_;       ///< coarsest first
  std::shared_ptr<nn::Conv> last_;
};

}  // namespace

DecoderRow swin_unetr_decoder_row() {
  return decoder_row<SwinUnetrDecoder, SwinUnetrDecoderOptions>(
      "swin_unetr", "decoder of Swin UNETR, of stages that halve",
      {.source = "Hatamizadeh et al. 2022, arXiv 2201.01266",
       .takes = "swin_unetr, and others whose stages halve",
       .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
