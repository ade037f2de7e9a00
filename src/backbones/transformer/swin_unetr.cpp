#include "photo51/backbones/transformer/swin_unetr.hpp"

#include <torch/nn/module.h>

#include <array>
#include <string>
#include <utility>

#include "backbones/default_conv.hpp"
#include "backbones/transformer/swin_block.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(SwinMerging) {
  static constexpr std::array<std::string_view, 3> names{"merging", "merging_1_4", "mergingv2"};
  return names;
}

void describe(config::Fields& f, SwinUnetrOptions& o) {
  f("patch_size", o.patch_size, "edge of a patch, or one an axis", {.min = 1, .unit = "voxels"});
  f("feature_size", o.feature_size, "features of a patch; each stage doubles them", {.min = 1});
  f("depths", o.depths, "blocks of each stage", {.min = 1});
  f("num_heads", o.num_heads, "attention heads of each stage", {.min = 1});
  f("window_size", o.window_size, "edge of a window in places, or one an axis", {.min = 1});
  f("mlp_ratio", o.mlp_ratio, "hidden features of the perceptrons by those of the stage",
    {.min = 0.1, .max = 100});
  f("patch_norm", o.patch_norm, "normalises the features of the patches");
  f("normalize", o.normalize, "normalises what each stage gives over its channels");
  f("use_v2", o.use_v2, "SwinUNETR-V2: convolutions with a shortcut before each stage");
  f("downsample", o.downsample, "order of merging; merging_1_4: for weights of MONAI up to 1.4");
  f("dropout", o.dropout, "dropout inside the network", {.min = 0, .max = 1});
  f("attention_dropout", o.attention_dropout, "dropout of the attention weights", {.min = 0, .max = 1});
  f("drop_path", o.drop_path, "how often training leaves a branch out, from 0 at the first up to this",
    {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  f.check(!o.depths.empty() && o.depths.size() == o.num_heads.size(), "num_heads",
          "must be as many as `depths`");
  check_stage_heads(f, o.feature_size, o.num_heads);
  f.check(o.dropout < 1, "dropout", "must be below 1");
  f.check(o.attention_dropout < 1, "attention_dropout", "must be below 1");
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
}

namespace {

std::vector<PatchMerging::Corner> corners_of(SwinMerging order, int64_t dims) {
  if (dims == 2) return corners_first_fastest(2);
  if (order == SwinMerging::mergingv2) return corners_last_fastest(dims);
  std::vector<PatchMerging::Corner> corners{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1},
                                            {1, 1, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}};
  if (order == SwinMerging::merging_1_4) {
    corners[4] = {1, 0, 1};
    corners[5] = {0, 1, 0};
    corners[6] = {0, 0, 1};
  }
  return corners;
}

/// Two convolutions of 3 with instance norms, which have no weights, and a shortcut.
class SwinResidual : public torch::nn::Module {
 public:
  SwinResidual(int64_t dims, int64_t width) {
    auto layer = register_module("layer", std::make_shared<torch::nn::Module>());
    for (const char* name : {"conv1", "conv2"}) {
      auto around = layer->register_module(name, std::make_shared<torch::nn::Module>());
      convolutions_.push_back(
          around->register_module("conv", make_default_conv({.dims = dims, .in = width, .out = width})));
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor hidden = activated(normalized(convolutions_[0]->forward(x)));
    const at::Tensor y = activated(normalized(convolutions_[1]->forward(hidden)) + x);
    nn::report(*this, x, y);
    return y;
  }

 private:
  static at::Tensor normalized(const at::Tensor& x) {
    return at::instance_norm(x, {}, {}, {}, {}, true, 0.1, 1e-5, true);
  }
  static at::Tensor activated(const at::Tensor& x) { return at::leaky_relu(x, 0.01); }

  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
};

class SwinUnetr final : public Backbone {
 public:
  SwinUnetr(const SwinUnetrOptions& options, const InputShape& shape, int64_t classes)
      : normalize_(options.normalize) {
    const int64_t dims = shape.dims;
    patch_ = per_axis(options.patch_size, dims, "patch_size");
    const auto window = per_axis(options.window_size, dims, "window_size");
    require_stages(options.depths, options.num_heads);
    auto patches = register_module("patch_embed", std::make_shared<torch::nn::Module>());
    patches_ =
        patches->register_module("proj", make_patch_embedding(shape.channels, options.feature_size, patch_));
    if (options.patch_norm)
      norm_ = patches->register_module("norm", std::make_shared<nn::LayerNorm>(options.feature_size));
    dropout_ = register_module("pos_drop", std::make_shared<nn::Dropout>(options.dropout));
    widths_.push_back(options.feature_size);
    const auto rates = swin_drop_paths(options.drop_path, options.depths);
    for (size_t i = 0; i < options.depths.size(); ++i) {
      const std::string name = "layers" + std::to_string(i + 1);
      const int64_t width = options.feature_size << i;
      // MONAI has a list of one a stage.
      const auto add = [&](const std::string& list, auto module) {
        return register_module(list, std::make_shared<torch::nn::Module>())->register_module("0", module);
      };
      Stage stage;
      stage.module = add(name, std::make_shared<torch::nn::Module>());
      nn::WindowAttentionOptions attention{.width = width,
                                           .heads = options.num_heads[i],
                                           .window = window,
                                           .fit = nn::WindowFit::shrink,
                                           .dropout = options.dropout,
                                           .attention_dropout = options.attention_dropout};
      for (const int64_t edge : window) attention.shift.push_back(edge / 2);
      auto blocks = stage.module->register_module("blocks", std::make_shared<torch::nn::Module>());
      stage.blocks = add_swin_blocks(
          *blocks, {.block = {.attention = attention,
                              .hidden = static_cast<int64_t>(static_cast<double>(width) * options.mlp_ratio),
                              .widen = "linear1",
                              .narrow = "linear2"},
                    .drop_path = rates[i]});
      stage.merging = stage.module->register_module(
          "downsample", std::make_shared<PatchMerging>(width, corners_of(options.downsample, dims), false));
      if (options.use_v2) stage.residual = add(name + "c", std::make_shared<SwinResidual>(dims, width));
      stages_.push_back(stage);
      widths_.push_back(2 * width);
    }
    if (classes > 0) classifier_ = register_module("head", std::make_shared<nn::Linear>(width(), classes));
  }

  Features features(const at::Tensor& image) override {
    std::vector<int64_t> sides;  // the last axis first
    for (int64_t axis = image.dim() - 1; axis >= 2; --axis) {
      const int64_t edge = patch_[static_cast<size_t>(axis - 2)];
      sides.insert(sides.end(), {0, (edge - image.size(axis) % edge) % edge});
    }
    at::Tensor x = patches_->forward(at::constant_pad_nd(image, sides)).movedim(1, -1);
    if (norm_) x = norm_->forward(x);
    x = dropout_->forward(x);
    Features found{{stage_of(x)}};
    for (const Stage& stage : stages_) {
      if (stage.residual) x = stage.residual->forward(x.movedim(-1, 1)).movedim(1, -1);
      const at::Tensor input = x;
      for (const auto& block : stage.blocks) x = block->forward(x);
      x = stage.merging->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(stage_of(x));
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    std::vector<nn::Dialect> all;
    for (const std::string prefix :
         {"", "swinViT.", "swin_vit.", "module.", "module.swinViT.", "module.swin_vit."})
      for (const bool renamed : {false, true}) {
        std::string library = "MONAI";
        if (!prefix.empty()) library += " " + prefix;
        if (renamed) library += " fc1";
        all.push_back(dialect_of(library, prefix, renamed));
      }
    return all;
  }

 private:
  struct Stage {
    std::shared_ptr<SwinResidual> residual;  ///< null without
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<SwinBlock>> blocks;
    std::shared_ptr<PatchMerging> merging;
  };

  at::Tensor stage_of(const at::Tensor& x) const {
    return (normalize_ ? at::layer_norm(x, {x.size(-1)}) : x).movedim(-1, 1);
  }

  /// `prefix` stands before the transformer's names, `renamed`: the perceptrons are named as the paper's.
  nn::Dialect dialect_of(const std::string& library, const std::string& prefix, bool renamed) const {
    nn::Dialect dialect{.library = library, .classifier = {prefix + "head."}};
    // Beside the transformer: the convolutions and the decoder of Swin UNETR, the heads of its pretraining.
    const std::string outer = prefix.starts_with("module.") ? "module." : "";
    for (const char* other :
         {"encoder*", "decoder*", "out", "norm", "mask_token", "rotation_*", "contrastive_*", "conv"})
      dialect.ignored.push_back(outer + other);
    for (size_t i = 0; i < stages_.size(); ++i) {
      const std::string stage = "layers" + std::to_string(i + 1), blocks = stage + ".0.blocks.";
      for (size_t j = 0; j < stages_[i].blocks.size(); ++j)
        for (const auto& [name, values] : stages_[i].blocks[j]->attention().constants())
          dialect.constants[prefix + blocks + std::to_string(j) + ".attn." + name] = values;
      if (renamed) {
        dialect.renames.push_back({prefix + blocks + "*.mlp.fc1", blocks + "*.mlp.linear1"});
        dialect.renames.push_back({prefix + blocks + "*.mlp.fc2", blocks + "*.mlp.linear2"});
      }
    }
    if (!prefix.empty()) {
      for (const std::string part : {"patch_embed", "layers*", "head"})
        dialect.renames.push_back({prefix + part, part});
    }
    return dialect;
  }

  bool normalize_;
  std::vector<int64_t> patch_, widths_;
  std::shared_ptr<nn::Conv> patches_;
  std::shared_ptr<nn::LayerNorm> norm_;  ///< null without
  std::shared_ptr<nn::Dropout> dropout_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_swin_unetr(const SwinUnetrOptions& options, const InputShape& shape,
                                          int64_t classes) {
  return std::make_shared<SwinUnetr>(options, shape, classes);
}

EncoderRow swin_unetr_row() {
  return image_encoder_row<SwinUnetrOptions, make_swin_unetr>(
      "swin_unetr", "encoder of Swin UNETR, 3D or 2D",
      {.source = "Hatamizadeh et al. 2022, arXiv 2201.01266", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
