/// The decoder of UNETR (Hatamizadeh et al. 2022) as MONAI has it: stages that are all of one grid of patches
/// are brought to the sizes of a U-Net's levels by transposed convolutions, the image by a block of its own,
/// and from level to level a transposed convolution and a block join the two. 16 = 2^4 voxels a patch take
/// four stages, 2^n take n.
///
///   MONAI UNETR(feature_size=16)   {}

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "backbones/cnn/dynunet_block.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/default_conv.hpp"
#include "backbones/map_size.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

/// Transposed convolutions that bring a stage to the size of its level.
struct UnetrSkip {
  std::vector<std::shared_ptr<nn::Conv>> ups;
  std::vector<std::shared_ptr<DynUnetBlock>> blocks;  ///< behind each but the first, or none

  at::Tensor forward(const at::Tensor& stage) const {
    at::Tensor x = ups.front()->forward(stage);
    for (size_t i = 1; i < ups.size(); ++i) {
      x = ups[i]->forward(x);
      if (!blocks.empty()) x = blocks[i - 1]->forward(x);
    }
    return x;
  }
};

/// Error (usage): the stages are not of one grid, or not as many as a patch has doublings.
void require_unetr_stages(const DecoderInput& input) {
  const auto& stages = input.stages;
  int64_t patch = 1;
  for (size_t i = 0; i < stages.size(); ++i) patch *= 2;
  for (const StageShape& stage : stages) {
    bool fits = stage.width == stages.front().width;
    for (size_t axis = 0; axis < stage.size.size(); ++axis)
      fits = fits && (input.image_size[axis] + patch - 1) / patch == stage.size[axis];
    if (!fits)
      core::fail_usage(
          "the decoder `unetr` needs stages of one grid, whose patches have 2^n voxels an axis "
          "where there are n stages (unetr: 16 and four), and `" +
          input.encoder.name + "` has " + std::to_string(stages.size()) +
          " whose sizes do not fit the image; change its `patch_size` or `skip_layers`, or take "
          "`decoder: unet`");
  }
}

class UnetrDecoder final : public Decoder {
 public:
  UnetrDecoder(const UnetrDecoderOptions& options, const DecoderInput& input) {
    require_unetr_stages(input);
    const size_t count = input.stages.size();
    const int64_t hidden = input.stages.front().width;
    const auto block_of = [&](int64_t in, int64_t out) {
      return DynUnetBlockShape{.dims = input.dims,
                               .in = in,
                               .out = out,
                               .norm = options.norm,
                               .affine = options.affine,
                               .residual = options.res_block,
                               .make_conv = make_default_conv};
    };
    auto first = register_module("encoder1", std::make_shared<torch::nn::Module>());
    image_ = first->register_module(
        "layer", std::make_shared<DynUnetBlock>(block_of(input.channels, options.feature_size)));
    for (size_t i = 0; i + 1 < count; ++i) {
      const int64_t width = options.feature_size << (i + 1);
      auto module = register_module("encoder" + std::to_string(i + 2), std::make_shared<torch::nn::Module>());
      const auto up = [&](int64_t in) {
        return make_default_conv(
            {.dims = input.dims, .in = in, .out = width, .kernel = 2, .stride = 2, .transposed = true});
      };
      UnetrSkip skip;
      skip.ups.push_back(add_wrapped_conv(*module, "transp_conv_init", up(hidden)));
      auto blocks = module->register_module("blocks", std::make_shared<torch::nn::Module>());
      for (size_t more = 0; more + 2 + i < count; ++more) {
        auto block = blocks->register_module(std::to_string(more), std::make_shared<torch::nn::Module>());
        if (!options.conv_block) {
          skip.ups.push_back(block->register_module("conv", up(width)));
          continue;
        }
        skip.ups.push_back(add_wrapped_conv(*block, "0", up(width)));
        skip.blocks.push_back(
            block->register_module("1", std::make_shared<DynUnetBlock>(block_of(width, width))));
      }
      skips_.push_back(std::move(skip));
    }
    int64_t below = hidden;
    for (size_t level = count; level > 0; --level) {
      const int64_t width = options.feature_size << (level - 1);
      ups_.push_back(register_module(
          "decoder" + std::to_string(level + 1),
          std::make_shared<DynUnetUp>(DynUnetUpShape{.block = block_of(2 * width, width), .below = below})));
      below = width;
    }
    auto last = register_module("out", std::make_shared<torch::nn::Module>());
    last_ = add_wrapped_conv(
        *last, "conv",
        make_default_conv(
            {.dims = input.dims, .in = below, .out = input.outputs, .kernel = 1, .bias = true}));
  }

  std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) override {
    at::Tensor x = found.stages.back();
    for (size_t i = 0; i + 1 < ups_.size(); ++i) {
      const size_t level = skips_.size() - 1 - i;
      x = ups_[i]->forward(x, skips_[level].forward(found.stages[level]));
    }
    return {last_->forward(ups_.back()->forward(x, image_->forward(image)))};
  }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI", .classifier = {"fc.", "heads."}, .ignored = {"vit"}}};
  }

 private:
  std::shared_ptr<DynUnetBlock> image_;
  std::vector<UnetrSkip> skips_;                 ///< finest first
  std::vector<std::shared_ptr<DynUnetUp>> ups_;  ///< coarsest first
  std::shared_ptr<nn::Conv> last_;
};

}  // namespace

DecoderRow unetr_decoder_row() {
  return decoder_row<UnetrDecoder, UnetrDecoderOptions>(
      "unetr", "decoder of UNETR, of stages of one grid",
      {.source = "Hatamizadeh et al. 2022, arXiv 2103.10504",
       .takes = "unetr, and vit with as many stages as a patch has doublings",
       .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
