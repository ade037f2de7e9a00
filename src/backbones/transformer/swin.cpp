#include "photo51/backbones/transformer/swin.hpp"

#include <torch/nn/module.h>

#include <array>
#include <string>
#include <utility>

#include "backbones/transformer/swin_block.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(SwinVariant) {
  static constexpr std::array<std::string_view, 8> names{"tiny", "small", "base", "large",
                                                         "t",    "s",     "b",    "l"};
  return names;
}

std::span<const std::string_view> enum_names(SwinSource) {
  static constexpr std::array<std::string_view, 2> names{"torchvision", "timm"};
  return names;
}

namespace {

/// The options with all sizes filled in.
SwinOptions whole_swin(SwinOptions o) {
  const size_t size = static_cast<size_t>(o.variant) % 4;
  constexpr std::array<int64_t, 4> widths{96, 96, 128, 192}, heads{3, 3, 4, 6};
  if (o.embed_dim == 0) o.embed_dim = widths[size];
  if (o.depths.empty()) o.depths = {2, 2, size == 0 ? 6 : 18, 2};
  if (o.num_heads.empty())
    for (int64_t stage = 0; stage < 4; ++stage) o.num_heads.push_back(heads[size] << stage);
  if (o.window_size.empty()) o.window_size = {o.version == 2 ? 8 : 7};
  return o;
}

}  // namespace

void describe(config::Fields& f, SwinOptions& o) {
  f("variant", o.variant, "published sizes; t, s, b and l are the same for short");
  f("version", o.version, "2: Swin V2", {.min = 1, .max = 2});
  f("source", o.source, "whose way with maps that are no multiple of the window");
  f("patch_size", o.patch_size, "edge of a patch, or one an axis", {.min = 1, .unit = "voxels"});
  f("embed_dim", o.embed_dim, "features of the first stage, each further has twice as many; 0: the variant's",
    {.min = 0});
  f("depths", o.depths, "blocks of each stage; empty: the variant's", {.min = 1});
  f("num_heads", o.num_heads, "attention heads of each stage; empty: the variant's", {.min = 1});
  f("window_size", o.window_size, "edge of a window in places, or one an axis; empty: 7, of version 2 8",
    {.min = 1});
  f("pretrained_window_size", o.pretrained_window_size,
    "version 2: the window of each stage that the weights were trained with; empty, or 0: the same",
    {.min = 0});
  f("mlp_ratio", o.mlp_ratio, "hidden features of the perceptrons by those of the stage",
    {.min = 0.1, .max = 100});
  f("dropout", o.dropout, "dropout inside the blocks", {.min = 0, .max = 1});
  f("attention_dropout", o.attention_dropout, "dropout of the attention weights", {.min = 0, .max = 1});
  f("drop_path", o.drop_path, "how often training leaves a branch out, from 0 at the first up to this",
    {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  const SwinOptions whole = whole_swin(o);
  f.check(whole.depths.size() == whole.num_heads.size(), "num_heads", "must be as many as `depths`");
  f.check(o.pretrained_window_size.empty() || o.pretrained_window_size.size() == whole.depths.size(),
          "pretrained_window_size", "must be as many as `depths`");
  check_stage_heads(f, whole.embed_dim, whole.num_heads);
  f.check(o.dropout < 1, "dropout", "must be below 1");
  f.check(o.attention_dropout < 1, "attention_dropout", "must be below 1");
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
}

namespace {

class Swin final : public Backbone {
 public:
  Swin(const SwinOptions& given, const InputShape& shape, int64_t classes) : version_(given.version) {
    const SwinOptions options = whole_swin(given);
    const int64_t dims = shape.dims;
    const auto patch = per_axis(options.patch_size, dims, "patch_size");
    const auto window = per_axis(options.window_size, dims, "window_size");
    require_stages(options.depths, options.num_heads);
    require_patches(shape.size, patch);
    auto all = register_module("features", std::make_shared<torch::nn::Module>());
    // torchvision's numbers count the permutation.
    auto stem = all->register_module("0", std::make_shared<torch::nn::Module>());
    patches_ = stem->register_module("0", make_patch_embedding(shape.channels, options.embed_dim, patch));
    norm0_ = stem->register_module("2", std::make_shared<nn::LayerNorm>(options.embed_dim));
    const auto rates = swin_drop_paths(options.drop_path, options.depths);
    std::vector<int64_t> map;  // of a stage; empty where images have no one size
    for (size_t axis = 0; axis < shape.size.size(); ++axis) map.push_back(shape.size[axis] / patch[axis]);
    for (size_t i = 0; i < options.depths.size(); ++i) {
      const int64_t width = options.embed_dim << i;
      Stage stage;
      if (i > 0) {
        stage.merging = all->register_module(
            std::to_string(2 * i),
            std::make_shared<PatchMerging>(width / 2, corners_first_fastest(dims), options.version == 2));
        for (int64_t& edge : map) edge = (edge + 1) / 2;
      }
      stage.module = all->register_module(std::to_string(2 * i + 1), std::make_shared<torch::nn::Module>());
      SwinStageShape of{
          .block = {.attention = attention_of(options, i, window, map),
                    .hidden = static_cast<int64_t>(static_cast<double>(width) * options.mlp_ratio),
                    .widen = "0",
                    .narrow = "3"},
          .drop_path = rates[i]};
      stage.blocks = add_swin_blocks(*stage.module, of);
      stages_.push_back(stage);
      widths_.push_back(width);
    }
    norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(width()));
    if (classes > 0) {
      classifier_ = register_module("head", std::make_shared<nn::Linear>(width(), classes));
      if (!nn::SkipInit::active()) {
        const at::NoGradGuard no_grad;
        classifier_->weight.normal_(0, 0.02);
        classifier_->bias.zero_();
      }
    }
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = norm0_->forward(patches_->forward(image).movedim(1, -1));
    for (const Stage& stage : stages_) {
      if (stage.merging) x = stage.merging->forward(x);
      const at::Tensor input = x;
      for (const auto& block : stage.blocks) x = block->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x.movedim(-1, 1));
    }
    found.stages.back() = norm_->forward(x).movedim(-1, 1);
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    nn::Dialect torchvision{.library = "torchvision", .classifier = {"head."}};
    nn::Dialect timm{.library = "timm", .classifier = {"head."}};
    // The paper's, and timm's up to 0.8: a stage ends with the merging.
    nn::Dialect original{.library = "Microsoft", .classifier = {"head."}};
    for (size_t i = 0; i < stages_.size(); ++i) {
      const std::string ours = "features." + std::to_string(2 * i + 1);
      const std::string theirs = "layers." + std::to_string(i), blocks = theirs + ".blocks.*";
      for (nn::Dialect* dialect : {&timm, &original}) {
        auto& renames = dialect->renames;
        renames.push_back({blocks + ".mlp.fc1", ours + ".*.mlp.0"});
        renames.push_back({blocks + ".mlp.fc2", ours + ".*.mlp.3"});
        renames.push_back({blocks, ours + ".*"});
        for (const char* buffer : {"attn_mask", "attn.relative_position_index", "attn.relative_coords_table"})
          dialect->ignored.push_back(blocks + "." + buffer);
        if (version_ == 2)
          dialect->joins.push_back(
              {ours + ".*.attn.qkv.bias", {ours + ".*.attn.q_bias", "", ours + ".*.attn.v_bias"}});
      }
      if (i > 0) timm.renames.push_back({theirs + ".downsample", "features." + std::to_string(2 * i)});
      if (i + 1 < stages_.size())
        original.renames.push_back({theirs + ".downsample", "features." + std::to_string(2 * i + 2)});
      for (size_t j = 0; j < stages_[i].blocks.size(); ++j)
        for (const auto& [name, values] : stages_[i].blocks[j]->attention().constants()) {
          const std::string path = ours + "." + std::to_string(j) + ".attn." + name;
          torchvision.constants[path] = name == "relative_position_index" ? values.flatten() : values;
        }
    }
    for (nn::Dialect* dialect : {&timm, &original}) {
      dialect->renames.push_back({"patch_embed.proj", "features.0.0"});
      dialect->renames.push_back({"patch_embed.norm", "features.0.2"});
    }
    timm.renames.push_back({"head.fc", "head"});
    return {torchvision, timm, original};
  }

 private:
  struct Stage {
    std::shared_ptr<PatchMerging> merging;  ///< before its blocks; null: the first stage
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<SwinBlock>> blocks;
  };

  static nn::WindowAttentionOptions attention_of(const SwinOptions& options, size_t stage,
                                                 const std::vector<int64_t>& window,
                                                 const std::vector<int64_t>& map) {
    const bool timm = options.source == SwinSource::timm;
    nn::WindowAttentionOptions of{.width = options.embed_dim << stage,
                                  .heads = options.num_heads[stage],
                                  .window = window,
                                  .fit = timm ? nn::WindowFit::pad_after_shift : nn::WindowFit::keep,
                                  .version = options.version,
                                  .dropout = options.dropout,
                                  .attention_dropout = options.attention_dropout};
    for (const int64_t edge : window) of.shift.push_back(edge / 2);
    if (timm)
      for (size_t axis = 0; axis < map.size(); ++axis) {
        if (map[axis] > window[axis]) continue;
        of.window[axis] = map[axis];
        of.shift[axis] = 0;
      }
    const auto& pretrained = options.pretrained_window_size;
    if (stage < pretrained.size() && pretrained[stage] > 0)
      of.trained_window.assign(window.size(), pretrained[stage]);
    return of;
  }

  int64_t version_;
  std::vector<int64_t> widths_;
  std::shared_ptr<nn::Conv> patches_;
  std::shared_ptr<nn::LayerNorm> norm0_, norm_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_swin(const SwinOptions& options, const InputShape& shape, int64_t classes) {
  return std::make_shared<Swin>(options, shape, classes);
}

EncoderRow swin_row() {
  return image_encoder_row<SwinOptions, make_swin>(
      "swin", "shifted-window transformer, version 1 or 2, 2D or 3D",
      {.source = "Liu et al. 2021, arXiv 2103.14030; Liu et al. 2022, arXiv 2111.09883",
       .parity = {"torchvision", "timm"},
       .defaults = {{"timm", {"source=timm"}}}});
}

}  // namespace photo51::backbones
