#include "photo51/backbones/cnn/mednext.hpp"

#include <torch/nn/module.h>

#include <array>
#include <string>

#include "backbones/default_conv.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/global_response_norm.hpp"
#include "photo51/nn/layers/group_norm.hpp"
#include "photo51/nn/layers/layer_norm.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(MedNextVariant) {
  static constexpr std::array<std::string_view, 4> names{"s", "b", "m", "l"};
  return names;
}

std::span<const std::string_view> enum_names(MedNextNorm) {
  static constexpr std::array<std::string_view, 2> names{"group", "layer"};
  return names;
}

std::span<const std::string_view> enum_names(MedNextDownExpansion) {
  static constexpr std::array<std::string_view, 2> names{"before", "after"};
  return names;
}

namespace {

struct MedNextSizes {
  std::vector<int64_t> blocks, expansion;
};

MedNextSizes mednext_sizes(const MedNextOptions& options) {
  static const std::array<MedNextSizes, 4> published{{{{2, 2, 2, 2, 2}, {2, 2, 2, 2, 2}},
                                                      {{2, 2, 2, 2, 2}, {2, 3, 4, 4, 4}},
                                                      {{3, 4, 4, 4, 4}, {2, 3, 4, 4, 4}},
                                                      {{3, 4, 8, 8, 8}, {3, 4, 8, 8, 8}}}};
  MedNextSizes sizes = published.at(static_cast<size_t>(options.variant));
  if (!options.blocks.empty()) sizes.blocks = options.blocks;
  if (!options.expansion_ratio.empty()) sizes.expansion = options.expansion_ratio;
  return sizes;
}

}  // namespace

void describe(config::Fields& f, MedNextOptions& o) {
  f("variant", o.variant, "published sizes: s, b, m, l");
  f("blocks", o.blocks, "blocks of each stage, the bottleneck last; empty: the variant's", {.min = 1});
  f("expansion_ratio", o.expansion_ratio,
    "how much wider the blocks of each stage are inside, the bottleneck last; empty: the variant's",
    {.min = 1});
  f("init_filters", o.init_filters, "channels of the first stage; each further stage doubles them",
    {.min = 1});
  f("kernel_size", o.kernel_size, "edge of the depthwise convolutions; published: 3 and 5",
    {.min = 1, .unit = "voxels"});
  f("residual", o.residual, "shortcuts around the blocks, as published");
  f("norm", o.norm, "group: each channel of a case on its own; layer: a case's channels at each place");
  f("global_response_norm", o.global_response_norm, "ConvNeXt v2's norm inside the blocks");
  f("down_expansion", o.down_expansion,
    "whose expansion a halving block has: that of the stage before (MONAI) or after it (the authors' code)");
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(o.kernel_size % 2 == 1, "kernel_size", "must be odd");
  const MedNextSizes sizes = mednext_sizes(o);
  f.check(sizes.blocks.size() == sizes.expansion.size(), "expansion_ratio",
          "needs a number for each of the stages of `blocks` (" + std::to_string(sizes.blocks.size()) + ")");
}

namespace {

struct MedNextShape {
  int64_t dims, in, out, expansion, stride;
};

class MedNextBlock : public torch::nn::Module {
 public:
  MedNextBlock(const MedNextShape& shape, const MedNextOptions& options) {
    const int64_t wide = shape.expansion * shape.in;
    const auto pointwise = [&](int64_t in, int64_t out, int64_t stride) {
      return make_default_conv({.dims = shape.dims,
                                .in = in,
                                .out = out,
                                .kernel = 1,
                                .stride = stride,
                                .padding = 0,
                                .bias = true});
    };
    conv1_ = register_module("conv1", make_default_conv({.dims = shape.dims,
                                                         .in = shape.in,
                                                         .out = shape.in,
                                                         .kernel = options.kernel_size,
                                                         .stride = shape.stride,
                                                         .groups = shape.in,
                                                         .bias = true}));
    if (options.norm == MedNextNorm::group)
      norm_ = std::make_shared<nn::GroupNorm>(shape.in, 1e-5, shape.in);
    else
      norm_ = std::make_shared<nn::ChannelLayerNorm>(shape.in);
    register_module("norm", norm_);
    conv2_ = register_module("conv2", pointwise(shape.in, wide, 1));
    conv3_ = register_module("conv3", pointwise(wide, shape.out, 1));
    const bool halves = shape.stride > 1;
    if (options.global_response_norm && !halves) {
      std::vector<int64_t> sizes(static_cast<size_t>(shape.dims) + 2, 1);
      sizes[1] = wide;
      const at::Tensor beta = register_parameter("global_resp_beta", nn::make_tensor(sizes, nn::fill_zeros));
      const at::Tensor gamma =
          register_parameter("global_resp_gamma", nn::make_tensor(sizes, nn::fill_zeros));
      response_norm_ =
          register_module("global_response_norm", std::make_shared<nn::GlobalResponseNorm>(gamma, beta, 1));
    }
    adds_input_ = options.residual && !halves;
    if (options.residual && halves)
      shortcut_ = register_module("res_conv", pointwise(shape.in, shape.out, shape.stride));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = at::gelu(conv2_->forward(norm_->forward(conv1_->forward(x))));
    if (response_norm_) y = response_norm_->forward(y);
    y = conv3_->forward(y);
    if (adds_input_) y = x + y;
    if (shortcut_) y = y + shortcut_->forward(x);
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<nn::Conv> conv1_, conv2_, conv3_;
  std::shared_ptr<nn::Norm> norm_;
  std::shared_ptr<nn::GlobalResponseNorm> response_norm_;  ///< null without
  bool adds_input_ = false;
  std::shared_ptr<nn::Conv> shortcut_;  ///< null unless the block halves
};

class MedNext final : public Backbone {
 public:
  MedNext(const MedNextOptions& options, const InputShape& shape, int64_t classes) {
    const auto [blocks, expansion] = mednext_sizes(options);
    if (blocks.size() != expansion.size())
      core::fail_usage("a mednext needs `expansion_ratio` (" + std::to_string(expansion.size()) +
                       " numbers) for each stage of `blocks` (" + std::to_string(blocks.size()) +
                       "); give both for the same stages");
    int64_t width = options.init_filters;
    stem_ = register_module("stem", make_default_conv({.dims = shape.dims,
                                                       .in = shape.channels,
                                                       .out = width,
                                                       .kernel = 1,
                                                       .padding = 0,
                                                       .bias = true}));
    auto encoder = register_module("enc_stages", std::make_shared<torch::nn::Module>());
    auto halvings = register_module("down_blocks", std::make_shared<torch::nn::Module>());
    const auto next = options.down_expansion == MedNextDownExpansion::after ? 1U : 0U;
    for (size_t i = 0; i < blocks.size(); ++i) {
      auto module = std::make_shared<torch::nn::Module>();
      if (i + 1 < blocks.size())
        encoder->register_module(std::to_string(i), module);
      else
        register_module("bottleneck", module);
      Stage stage{module, {}, nullptr};
      for (int64_t block = 0; block < blocks[i]; ++block)
        stage.blocks.push_back(module->register_module(
            std::to_string(block), std::make_shared<MedNextBlock>(
                                       MedNextShape{shape.dims, width, width, expansion[i], 1}, options)));
      widths_.push_back(width);
      if (i + 1 < blocks.size()) {
        const MedNextShape halving{shape.dims, width, 2 * width, expansion[i + next], 2};
        stage.halve =
            halvings->register_module(std::to_string(i), std::make_shared<MedNextBlock>(halving, options));
        width = halving.out;
      }
      stages_.push_back(std::move(stage));
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = stem_->forward(image);
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      for (const auto& block : stage.blocks) x = block->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
      if (stage.halve) x = stage.halve->forward(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI",
             .classifier = {"fc."},
             .ignored = {"up_blocks", "dec_stages", "out_0", "out_blocks"}},
            {.library = "MedNeXt",  // the authors' own
             .renames = {{"enc_block_*.*.grn_*", "enc_stages.*.*.global_resp_*"},
                         {"bottleneck.*.grn_*", "bottleneck.*.global_resp_*"},
                         {"enc_block_*", "enc_stages.*"},
                         {"down_*", "down_blocks.*"}},
             .classifier = {"fc."},
             .ignored = {"up_*", "dec_block_*", "out_*"},
             .constants = {{"dummy_tensor", at::ones({1})}}}};
  }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<MedNextBlock>> blocks;
    std::shared_ptr<MedNextBlock> halve;  ///< null in the last
  };
  std::vector<int64_t> widths_;
  std::shared_ptr<nn::Conv> stem_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_mednext(const MedNextOptions& options, const InputShape& shape,
                                       int64_t classes) {
  return std::make_shared<MedNext>(options, shape, classes);
}

EncoderRow mednext_row() {
  return image_encoder_row<MedNextOptions, make_mednext>(
      "mednext", "encoder of MedNeXt, 2D or 3D",
      {.source = "Roy et al. 2023, arXiv 2303.09975", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
