#include "photo51/backbones/cnn/segresnet.hpp"

#include <torch/nn/module.h>

#include "backbones/cnn/segresnet_block.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/channel_dropout.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, SegResNetOptions& o) {
  f("init_filters", o.init_filters, "channels of the first stage; each further stage doubles them",
    {.min = 1});
  f("blocks_down", o.blocks_down, "residual blocks of each stage; each stage but the first halves the image",
    {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("dropout", o.dropout, "dropout of the first convolution's channels in training", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  f.check(!o.blocks_down.empty(), "blocks_down", "needs at least one stage");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

namespace {

class SegResNet final : public Backbone {
 public:
  SegResNet(const SegResNetOptions& options, const InputShape& shape, int64_t classes)
      : blocks_down_(options.blocks_down) {
    int64_t width = options.init_filters;
    stem_ = register_module("convInit", std::make_shared<SegResNetConv>(nn::Conv::Shape{
                                            .dims = shape.dims, .in = shape.channels, .out = width}));
    dropout_ = register_module("dropout", std::make_shared<nn::ChannelDropout>(options.dropout));
    auto layers = register_module("down_layers", std::make_shared<torch::nn::Module>());
    for (size_t i = 0; i < blocks_down_.size(); ++i) {
      auto module = layers->register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
      Stage stage{module, nullptr, {}};
      if (i > 0) {
        const nn::Conv::Shape halving{.dims = shape.dims, .in = width, .out = 2 * width, .stride = 2};
        stage.halve = module->register_module("0", std::make_shared<SegResNetConv>(halving));
        width = halving.out;
      }
      // The blocks count from 1 in the first stage too, where MONAI has an identity at 0.
      for (int64_t block = 1; block <= blocks_down_[i]; ++block)
        stage.blocks.push_back(module->register_module(
            std::to_string(block), std::make_shared<SegResNetBlock>(shape.dims, width, options.norm)));
      stages_.push_back(std::move(stage));
      widths_.push_back(width);
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = dropout_->forward(stem_->forward(image));
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      if (stage.halve) x = stage.halve->forward(x);
      for (const auto& block : stage.blocks) x = block->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI",
             .classifier = {"fc."},
             .ignored = {"up_layers", "up_samples", "conv_final", "vae_*"}},
            {.library = "MONAI SegResNetDS",
             .renames = deep_supervision_names(),
             .classifier = {"fc."},
             .ignored = {"up_layers"}}};
  }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::shared_ptr<SegResNetConv> halve;  ///< null in the first
    std::vector<std::shared_ptr<SegResNetBlock>> blocks;
  };

  /// SegResNetDS counts the blocks from 0 and has each halving at the end of the stage before.
  std::vector<nn::Dialect::Rename> deep_supervision_names() const {
    std::vector<nn::Dialect::Rename> renames{{"encoder.conv_init", "convInit.conv"}};
    for (size_t i = 0; i < blocks_down_.size(); ++i) {
      const std::string theirs = "encoder.layers." + std::to_string(i), ours = "down_layers.";
      renames.push_back({theirs + ".downsample", ours + std::to_string(i + 1) + ".0.conv"});
      for (int64_t block = 0; block < blocks_down_[i]; ++block) {
        const std::string from = theirs + ".blocks." + std::to_string(block) + ".";
        const std::string to = ours + std::to_string(i) + "." + std::to_string(block + 1) + ".";
        renames.push_back({from + "conv*", to + "conv*.conv"});
        renames.push_back({from + "norm*", to + "norm*"});
      }
    }
    return renames;
  }

  std::vector<int64_t> blocks_down_, widths_;
  std::shared_ptr<SegResNetConv> stem_;
  std::shared_ptr<nn::ChannelDropout> dropout_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_segresnet(const SegResNetOptions& options, const InputShape& shape,
                                         int64_t classes) {
  return std::make_shared<SegResNet>(options, shape, classes);
}

EncoderRow segresnet_row() {
  return image_encoder_row<SegResNetOptions, make_segresnet>(
      "segresnet", "encoder of SegResNet, 2D or 3D",
      {.source = "Myronenko 2018, arXiv 1810.11654", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
