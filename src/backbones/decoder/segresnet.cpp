/// The decoder of SegResNet (Myronenko 2018) as MONAI has it, without the variational autoencoder: at each
/// level a convolution of 1 halves the channels of what lies below, the map is doubled, the encoder's stage
/// is added, and residual blocks follow.
///
///   MONAI SegResNet(upsample_mode="nontrainable")   {}
///   MONAI SegResNet(upsample_mode="deconv")         {upsampling: deconv}

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "backbones/cnn/segresnet_block.hpp"
#include "backbones/decoder/belongs.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/default_conv.hpp"
#include "backbones/map_size.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {
namespace {

class SegResNetDecoder final : public Decoder {
 public:
  SegResNetDecoder(const SegResNetDecoderOptions& options, const DecoderInput& input) {
    const auto& encoder = options_of_encoder<SegResNetOptions>(input, "segresnet");
    const size_t levels = encoder.blocks_down.size() - 1;
    const std::vector<int64_t> blocks =
        options.blocks_up.empty() ? std::vector<int64_t>(levels, 1) : options.blocks_up;
    if (blocks.size() != levels)
      core::fail_usage("`blocks_up` names " + std::to_string(blocks.size()) + " levels, and a segresnet of " +
                       std::to_string(levels + 1) + " stages has " + std::to_string(levels));
    auto samples = register_module("up_samples", std::make_shared<torch::nn::Module>());
    auto layers = register_module("up_layers", std::make_shared<torch::nn::Module>());
    for (size_t i = 0; i < levels; ++i) {
      const int64_t width = encoder.init_filters << (levels - 1 - i);
      const auto add = [&](auto& list) {
        return list->register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
      };
      auto sample = add(samples), layer = add(layers);
      Level level{layer, nullptr, nullptr, {}};
      level.narrow =
          sample->register_module("0", std::make_shared<SegResNetConv>(nn::Conv::Shape{
                                           .dims = input.dims, .in = 2 * width, .out = width, .kernel = 1}));
      if (options.upsampling == Upsampling::deconv)
        level.up = sample->register_module("1", std::make_shared<torch::nn::Module>())
                       ->register_module("deconv", make_default_conv({.dims = input.dims,
                                                                      .in = width,
                                                                      .out = width,
                                                                      .kernel = 2,
                                                                      .stride = 2,
                                                                      .bias = true,
                                                                      .transposed = true}));
      for (int64_t block = 0; block < blocks[i]; ++block)
        level.blocks.push_back(layer->register_module(
            std::to_string(block), std::make_shared<SegResNetBlock>(input.dims, width, encoder.norm)));
      levels_.push_back(std::move(level));
    }
    auto last = register_module("conv_final", std::make_shared<torch::nn::Module>());
    norm_ = last->register_module("0", nn::make_norm(encoder.norm, encoder.init_filters));
    last_ =
        last->register_module("2", std::make_shared<SegResNetConv>(nn::Conv::Shape{.dims = input.dims,
                                                                                   .in = encoder.init_filters,
                                                                                   .out = input.outputs,
                                                                                   .kernel = 1,
                                                                                   .bias = true}));
  }

  std::vector<at::Tensor> forward(const Features& found, const at::Tensor&) override {
    at::Tensor x = found.stages.back();
    for (size_t i = 0; i < levels_.size(); ++i) {
      const Level& level = levels_[i];
      const at::Tensor& skip = found.stages[levels_.size() - 1 - i];
      const at::Tensor input = x;
      x = level.narrow->forward(x);
      x = cut_or_continued(level.up ? level.up->forward(x) : doubled(x), skip) + skip;
      for (const auto& block : level.blocks) x = block->forward(x);
      nn::report(*level.module, input, x);
    }
    return {last_->forward(norm_->forward(x, {.slope = 0}))};
  }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI", .classifier = {"fc."}, .ignored = {"convInit", "down_layers", "vae_*"}}};
  }

 private:
  struct Level {
    std::shared_ptr<torch::nn::Module> module;
    std::shared_ptr<SegResNetConv> narrow;
    std::shared_ptr<nn::Conv> up;  ///< null: interpolation
    std::vector<std::shared_ptr<SegResNetBlock>> blocks;
  };

  static at::Tensor doubled(const at::Tensor& x) {
    std::vector<int64_t> sizes = x.sizes().slice(2).vec();
    for (int64_t& size : sizes) size *= 2;
    return interpolated(x, sizes);
  }

  std::vector<Level> levels_;  ///< coarsest first
  std::shared_ptr<nn::Norm> norm_;
  std::shared_ptr<SegResNetConv> last_;
};

}  // namespace

DecoderRow segresnet_decoder_row() {
  return decoder_row<SegResNetDecoder, SegResNetDecoderOptions>(
      "segresnet", "decoder of SegResNet",
      {.source = "Myronenko 2018, arXiv 1810.11654", .takes = "segresnet", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
