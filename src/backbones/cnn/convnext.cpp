#include "photo51/backbones/cnn/convnext.hpp"

#include <torch/nn/module.h>

#include <array>
#include <numeric>
#include <span>
#include <string>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/global_response_norm.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/layer_scale.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(ConvNextVariant) {
  static constexpr std::array<std::string_view, 10> names{"atto",  "femto", "pico",  "nano",   "tiny",
                                                          "small", "base",  "large", "xlarge", "huge"};
  return names;
}

void describe(config::Fields& f, ConvNextOptions& o) {
  f("version", o.version, "1, or 2: global response norm, no layer scale", {.min = 1, .max = 2});
  f("variant", o.variant, "published sizes");
  f("depths", o.depths, "blocks of each stage; empty: the variant's", {.min = 1});
  f("embed_dims", o.embed_dims, "channels of each stage; empty: the variant's", {.min = 1});
  f("patch_size", o.patch_size, "edge of the stem's patches", {.min = 1, .unit = "voxels"});
  f("kernel_size", o.kernel_size, "edge of the blocks' convolutions, odd", {.min = 1});
  f("layer_scale", o.layer_scale, "version 1: the factor of each block at the beginning; 0 = none",
    {.min = 0, .max = 1});
  f("drop_path", o.drop_path,
    "how often training leaves a block out, from 0 at the first to this at the last", {.min = 0, .max = 1});
  f("norm_epsilon", o.norm_epsilon, "of the norms", {.min = 1e-9, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
  f.check(o.kernel_size % 2 == 1, "kernel_size", "must be odd");
}

namespace {

struct ConvNextSize {
  std::vector<int64_t> depths, widths;
};

ConvNextSize size_of(const ConvNextOptions& options) {
  struct Published {
    std::array<int64_t, 4> depths;
    int64_t width;  ///< of the first stage; each further one doubles it
  };
  constexpr std::array<Published, 10> published{{{{2, 2, 6, 2}, 40},
                                                 {{2, 2, 6, 2}, 48},
                                                 {{2, 2, 6, 2}, 64},
                                                 {{2, 2, 8, 2}, 80},
                                                 {{3, 3, 9, 3}, 96},
                                                 {{3, 3, 27, 3}, 96},
                                                 {{3, 3, 27, 3}, 128},
                                                 {{3, 3, 27, 3}, 192},
                                                 {{3, 3, 27, 3}, 256},
                                                 {{3, 3, 27, 3}, 352}}};
  const Published& row = published[static_cast<size_t>(options.variant)];
  ConvNextSize size{options.depths, options.embed_dims};
  if (size.depths.empty()) size.depths.assign(row.depths.begin(), row.depths.end());
  if (size.widths.empty())
    for (size_t stage = 0; stage < row.depths.size(); ++stage) size.widths.push_back(row.width << stage);
  if (size.depths.size() != size.widths.size())
    core::fail_usage("a convnext has a number of `depths` (" + std::to_string(size.depths.size()) +
                     ") and of `embed_dims` (" + std::to_string(size.widths.size()) +
                     ") for each stage; give as many of both");
  return size;
}

/// Weights as published: of deviation 0.02 (cut where none are), biases of 0.
template <class Adapted>
std::shared_ptr<Adapted> convnext_start(std::shared_ptr<Adapted> layer) {
  if (nn::SkipInit::active()) return layer;
  const at::NoGradGuard no_grad;
  layer->weight.normal_(0, 0.02);
  layer->bias.zero_();
  return layer;
}

/// Patches side by side.
std::shared_ptr<nn::Conv> convnext_patches(int64_t dims, int64_t in, int64_t out, int64_t edge) {
  const nn::Conv::Shape shape{
      .dims = dims, .in = in, .out = out, .kernel = edge, .stride = edge, .padding = 0, .bias = true};
  return convnext_start(std::make_shared<nn::Conv>(shape));
}

class ConvNextBlock : public torch::nn::Module {
 public:
  ConvNextBlock(const ConvNextOptions& options, int64_t dims, int64_t width, double drop_path) {
    const nn::Conv::Shape depthwise{.dims = dims,
                                    .in = width,
                                    .out = width,
                                    .kernel = options.kernel_size,
                                    .groups = width,
                                    .bias = true};
    convolution_ = register_module("conv_dw", convnext_start(std::make_shared<nn::Conv>(depthwise)));
    norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(width, options.norm_epsilon));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    widen_ = mlp->register_module("fc1", convnext_start(std::make_shared<nn::Linear>(width, 4 * width)));
    if (options.version == 2)
      response_ = mlp->register_module("grn", std::make_shared<nn::GlobalResponseNorm>(4 * width, -1));
    narrow_ = mlp->register_module("fc2", convnext_start(std::make_shared<nn::Linear>(4 * width, width)));
    if (options.version == 1 && options.layer_scale > 0) {
      const at::Tensor gamma = register_parameter(
          "gamma", nn::make_tensor({width}, [&](at::Tensor& t) { t.fill_(options.layer_scale); }));
      scale_ = register_module("gamma", std::make_shared<nn::LayerScale>(gamma, -1));
    }
    drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(drop_path));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor hidden = norm_->forward(convolution_->forward(x).movedim(1, -1));
    hidden = at::gelu(widen_->forward(hidden));
    if (response_) hidden = response_->forward(hidden);
    hidden = narrow_->forward(hidden);
    if (scale_) hidden = scale_->forward(hidden);
    const at::Tensor y = x + drop_path_->forward(hidden.movedim(-1, 1));
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<nn::Conv> convolution_;
  std::shared_ptr<nn::LayerNorm> norm_;
  std::shared_ptr<nn::Linear> widen_, narrow_;
  std::shared_ptr<nn::GlobalResponseNorm> response_;
  std::shared_ptr<nn::LayerScale> scale_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

class ConvNextStage : public torch::nn::Module {
 public:
  ConvNextStage(const ConvNextOptions& options, int64_t dims, int64_t in, int64_t width,
                std::span<const double> drop_paths, bool halves) {
    if (halves) {
      auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
      norm_ =
          downsample->register_module("0", std::make_shared<nn::ChannelLayerNorm>(in, options.norm_epsilon));
      halve_ = downsample->register_module("1", convnext_patches(dims, in, width, 2));
    }
    auto blocks = register_module("blocks", std::make_shared<torch::nn::Module>());
    for (const double drop_path : drop_paths)
      blocks_.push_back(blocks->register_module(
          std::to_string(blocks_.size()), std::make_shared<ConvNextBlock>(options, dims, width, drop_path)));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = halve_ ? halve_->forward(norm_->forward(x)) : x;
    for (const auto& block : blocks_) y = block->forward(y);
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<nn::ChannelLayerNorm> norm_;
  std::shared_ptr<nn::Conv> halve_;
  std::vector<std::shared_ptr<ConvNextBlock>> blocks_;
};

/// A convolution of one voxel as the matrix that it is; a matrix stays.
at::Tensor convnext_matrix(const at::Tensor& weight) {
  return weight.flatten(1);
}
at::Tensor convnext_as_it_is(const at::Tensor& weight) {
  return weight;
}
at::Tensor convnext_convolution(const at::Tensor& weight) {
  return weight.unsqueeze(-1).unsqueeze(-1);
}
/// [C, 1, 1] as [C], and back.
at::Tensor convnext_flat_scale(const at::Tensor& gamma) {
  return gamma.flatten();
}
at::Tensor convnext_upright_scale(const at::Tensor& gamma) {
  return gamma.view({-1, 1, 1});
}

class ConvNext final : public Backbone {
 public:
  ConvNext(const ConvNextOptions& options, const InputShape& shape, int64_t classes)
      : size_(size_of(options)) {
    const size_t stages = size_.depths.size();
    const int64_t reduction = options.patch_size << (stages - 1);
    for (const int64_t edge : shape.size)
      if (edge < reduction)
        core::fail_usage("this convnext makes images " + std::to_string(reduction) +
                         " times smaller and one axis has " + std::to_string(edge) +
                         "; set a smaller `patch_size`, fewer stages (`depths`, `embed_dims`) or a larger "
                         "`preprocess.size`");
    auto stem = register_module("stem", std::make_shared<torch::nn::Module>());
    patches_ = stem->register_module(
        "0", convnext_patches(shape.dims, shape.channels, size_.widths[0], options.patch_size));
    norm_ = stem->register_module(
        "1", std::make_shared<nn::ChannelLayerNorm>(size_.widths[0], options.norm_epsilon));
    const std::vector<double> rates = nn::drop_path_rates(
        options.drop_path, std::accumulate(size_.depths.begin(), size_.depths.end(), int64_t{0}));
    auto all = register_module("stages", std::make_shared<torch::nn::Module>());
    size_t number = 0;
    for (size_t i = 0; i < stages; ++i) {
      const auto depth = static_cast<size_t>(size_.depths[i]);
      stages_.push_back(all->register_module(
          std::to_string(i),
          std::make_shared<ConvNextStage>(options, shape.dims, size_.widths[i > 0 ? i - 1 : 0],
                                          size_.widths[i], std::span(rates).subspan(number, depth), i > 0)));
      number += depth;
    }
    if (classes == 0) return;
    const int64_t width = size_.widths.back();
    auto head = register_module("head", std::make_shared<torch::nn::Module>());
    head_norm_ = head->register_module("norm", std::make_shared<nn::LayerNorm>(width, options.norm_epsilon));
    classifier_ = head->register_module("fc", convnext_start(std::make_shared<nn::Linear>(width, classes)));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = norm_->forward(patches_->forward(image));
    for (const auto& stage : stages_) {
      x = stage->forward(x);
      found.stages.push_back(x);
    }
    return found;
  }

  at::Tensor logits(const at::Tensor& image) override {
    if (!classifier_) return Backbone::logits(image);  // which says what is missing
    return classifier_->forward(head_norm_->forward(features(image).stages.back().flatten(2).mean(2)));
  }

  std::vector<int64_t> widths() const override { return size_.widths; }

  std::vector<nn::Dialect> dialects() const override {
    const std::string block = "stages.*.blocks.*.", mlp = block + "mlp.";
    const auto perceptron = [&](at::Tensor (*to_ours)(const at::Tensor&),
                                at::Tensor (*to_theirs)(const at::Tensor&)) {
      return std::vector<nn::Dialect::Transform>{{mlp + "fc1.weight", to_ours, to_theirs},
                                                 {mlp + "fc2.weight", to_ours, to_theirs}};
    };
    nn::Dialect torchvision{.library = "torchvision",
                            .renames = {{"features.0", "stem"}},
                            .transforms = {{block + "gamma", convnext_flat_scale, convnext_upright_scale}},
                            .classifier = {"classifier."}};
    auto& renames = torchvision.renames;
    for (size_t i = 0; i < stages_.size(); ++i) {
      const std::string number = std::to_string(i), own = "stages." + number + ".blocks.*.";
      const std::string theirs = "features." + std::to_string(2 * i + 1) + ".*.";
      if (i > 0) renames.push_back({"features." + std::to_string(2 * i), "stages." + number + ".downsample"});
      renames.push_back({theirs + "block.0", own + "conv_dw"});
      renames.push_back({theirs + "block.2", own + "norm"});
      renames.push_back({theirs + "block.3", own + "mlp.fc1"});
      renames.push_back({theirs + "block.5", own + "mlp.fc2"});
      renames.push_back({theirs + "layer_scale", own + "gamma"});
    }
    renames.push_back({"classifier.0", "head.norm"});
    renames.push_back({"classifier.2", "head.fc"});
    // Both forms of timm's have the same names, so that the first takes the files of both.
    return {{.library = "timm",
             .transforms = perceptron(convnext_matrix, convnext_as_it_is),
             .classifier = {"head."}},
            {.library = "timm conv_mlp",
             .transforms = perceptron(convnext_matrix, convnext_convolution),
             .classifier = {"head."}},
            torchvision};
  }

 private:
  ConvNextSize size_;
  std::shared_ptr<nn::Conv> patches_;
  std::shared_ptr<nn::ChannelLayerNorm> norm_;
  std::vector<std::shared_ptr<ConvNextStage>> stages_;
  std::shared_ptr<nn::LayerNorm> head_norm_;
};

}  // namespace

std::shared_ptr<Backbone> make_convnext(const ConvNextOptions& options, const InputShape& shape,
                                        int64_t classes) {
  return std::make_shared<ConvNext>(options, shape, classes);
}

EncoderRow convnext_row() {
  return image_encoder_row<ConvNextOptions, make_convnext>(
      "convnext", "ConvNeXt and ConvNeXt V2, 2D or 3D",
      {.source = "Liu et al. 2022, arXiv 2201.03545; Woo et al. 2023, arXiv 2301.00808",
       .parity = {"torchvision", "timm"}});
}

}  // namespace photo51::backbones
