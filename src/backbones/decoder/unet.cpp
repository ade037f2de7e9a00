/// A U-Net's way up for the stages of any encoder (Ronneberger et al., U-Net: convolutional networks for
/// biomedical image segmentation, MICCAI 2015): at each level what lies below is brought to the size of the
/// level, its stage is put behind it, and convolutions with norm and leaky ReLU (slope 0.01) join the two.
///
/// Where the first stage is coarser than the image (1/4 in a ResNet, 1/16 in a ViT), levels without a stage
/// double the size up to that of the image, which joins the last of them itself. Stages of one size follow
/// each other without growing.

#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "backbones/axis_text.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/default_conv.hpp"
#include "backbones/map_size.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::backbones {
namespace {

constexpr double unet_slope = 0.01;

/// How many doublings lead from the first stage to the image.
size_t levels_beyond(const DecoderInput& input) {
  const std::vector<int64_t>& stage = input.stages.front().size;
  double most = 1;
  for (size_t axis = 0; axis < stage.size(); ++axis)
    most = std::max(most, static_cast<double>(input.image_size[axis]) / static_cast<double>(stage[axis]));
  return static_cast<size_t>(std::lround(std::log2(most)));
}

/// Of a level beyond the first stage, the image's being 0: half the image, rounded up, `level` times. An axis
/// that the encoder left longer stays so.
std::vector<int64_t> size_beyond(at::IntArrayRef image, at::IntArrayRef stage, size_t level) {
  std::vector<int64_t> sizes = image.vec();
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    for (size_t i = 0; i < level; ++i) sizes[axis] = (sizes[axis] + 1) / 2;
    sizes[axis] = std::max(sizes[axis], stage[axis]);
  }
  return sizes;
}

/// Channels of each level, finest first. Error (usage): the options name another number of levels.
std::vector<int64_t> features_of_levels(const UnetDecoderOptions& options, const DecoderInput& input,
                                        size_t beyond) {
  const size_t levels = beyond + input.stages.size() - 1;
  if (!options.features.empty()) {
    if (options.features.size() != levels)
      core::fail_usage("`features` of the decoder names " + std::to_string(options.features.size()) +
                       " levels, and behind `" + input.encoder.name + "` it has " + std::to_string(levels) +
                       " from the image's size to that of the last stage but one");
    return options.features;
  }
  std::vector<int64_t> features;
  const int64_t first = std::min(options.max_features, input.stages.front().width);
  for (size_t level = 0; level < levels; ++level)
    features.push_back(level < beyond ? std::max<int64_t>(1, first >> (beyond - level))
                                      : std::min(options.max_features, input.stages[level - beyond].width));
  return features;
}

/// Kernels by level and axis. Error (usage): they are not as many as levels with a stage.
std::vector<std::vector<int64_t>> kernels_of_levels(const UnetDecoderOptions& options,
                                                    const DecoderInput& input, size_t beyond) {
  const size_t staged = input.stages.size() - 1;
  std::vector<std::string> texts = options.kernels;
  if (!texts.empty() && texts.size() != staged)
    core::fail_usage("`kernels` of the decoder names " + std::to_string(texts.size()) +
                     " levels, and the stages of `" + input.encoder.name + "` but the last are " +
                     std::to_string(staged));
  if (texts.empty()) texts.assign(staged, "3");
  texts.insert(texts.begin(), beyond, "3");
  return axis_sizes(texts, input.dims, "kernels");
}

class UnetDecoder final : public Decoder {
 public:
  UnetDecoder(const UnetDecoderOptions& options, const DecoderInput& input)
      : beyond_(levels_beyond(input)), image_skip_(options.image_skip) {
    const auto features = features_of_levels(options, input, beyond_);
    const auto kernels = kernels_of_levels(options, input, beyond_);
    const auto levels = static_cast<int64_t>(features.size());
    if (options.deep_supervision > 0 && options.deep_supervision >= levels)
      core::fail_usage("`deep_supervision` is " + std::to_string(options.deep_supervision) +
                       ", and behind `" + input.encoder.name + "` the decoder has " +
                       std::to_string(std::max<int64_t>(levels - 1, 0)) + " coarser level(s)");
    auto all = register_module("levels", std::make_shared<torch::nn::Module>());
    levels_.resize(features.size());
    int64_t below = input.stages.back().width;
    for (size_t level = features.size(); level-- > 0;) {
      auto module = all->register_module(std::to_string(level), std::make_shared<torch::nn::Module>());
      int64_t in = below;
      if (level >= beyond_) in += input.stages[level - beyond_].width;
      if (level == 0 && beyond_ > 0 && image_skip_) in += input.channels;
      levels_[level] =
          make_level(*module, options, input, level, {below, in, features[level]}, kernels[level]);
      levels_[level].module = module;
      below = features[level];
    }
    auto heads = register_module("heads", std::make_shared<torch::nn::Module>());
    for (int64_t head = 0; head <= options.deep_supervision; ++head) {
      const int64_t width = features.empty() ? below : features[static_cast<size_t>(head)];
      heads_.push_back(heads->register_module(
          std::to_string(head),
          make_default_conv(
              {.dims = input.dims, .in = width, .out = input.outputs, .kernel = 1, .bias = true})));
    }
  }

  std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) override {
    const at::IntArrayRef whole = image.sizes().slice(2);
    std::vector<at::Tensor> maps(std::max<size_t>(levels_.size(), 1), found.stages.back());
    at::Tensor x = found.stages.back();
    for (size_t level = levels_.size(); level-- > 0;) {
      const at::Tensor input = x;
      const at::Tensor skip = skip_of(level, found, image);
      const std::vector<int64_t> size = level < beyond_
                                            ? size_beyond(whole, found.stages.front().sizes().slice(2), level)
                                            : skip.sizes().slice(2).vec();
      if (levels_[level].up) x = levels_[level].up->forward(x);
      x = interpolated(x, size);
      if (skip.defined()) x = at::cat({x, skip.to(x.scalar_type())}, 1);
      for (const Step& step : levels_[level].steps)
        x = nn::conv_norm(*step.conv, *step.norm, x, {.slope = unet_slope});
      nn::report(*levels_[level].module, input, x);
      maps[level] = x;
    }
    std::vector<at::Tensor> logits;
    for (size_t head = 0; head < (is_training() ? heads_.size() : 1); ++head)
      logits.push_back(heads_[head]->forward(maps[head]));
    logits[0] = interpolated(logits[0], whole);
    return logits;
  }

  std::vector<nn::Dialect> dialects() const override { return {{.library = "photo51"}}; }

 private:
  struct Step {
    std::shared_ptr<nn::Conv> conv;
    std::shared_ptr<nn::Norm> norm;
  };
  struct Level {
    std::shared_ptr<torch::nn::Module> module;
    std::shared_ptr<nn::Conv> up;  ///< null: interpolation
    std::vector<Step> steps;
  };
  struct Widths {
    int64_t below, in, out;
  };

  static Level make_level(torch::nn::Module& module, const UnetDecoderOptions& options,
                          const DecoderInput& input, size_t level, const Widths& widths,
                          const std::vector<int64_t>& kernel) {
    Level made;
    const std::vector<int64_t> growth = growth_of(input, level);
    if (options.upsampling == Upsampling::deconv &&
        std::ranges::any_of(growth, [](int64_t n) { return n > 1; })) {
      nn::Conv::Shape up{.dims = input.dims, .in = widths.below, .out = widths.below, .kernel = growth};
      up.stride = growth;
      up.bias = up.transposed = true;
      made.up = module.register_module("up", make_default_conv(up));
    }
    for (int64_t i = 0; i < options.convolutions; ++i) {
      const std::string number = std::to_string(i + 1);
      made.steps.push_back(
          {module.register_module("conv" + number, std::make_shared<nn::Conv>(
                                                       nn::Conv::Shape{.dims = input.dims,
                                                                       .in = i == 0 ? widths.in : widths.out,
                                                                       .out = widths.out,
                                                                       .kernel = kernel})),
           module.register_module("norm" + number, nn::make_norm(options.norm, widths.out))});
    }
    return made;
  }

  /// How many times as large as the map below it a level is along each axis.
  static std::vector<int64_t> growth_of(const DecoderInput& input, size_t level) {
    const size_t beyond = levels_beyond(input);
    const auto size_at = [&](size_t at) {
      return at < beyond ? size_beyond(input.image_size, input.stages.front().size, at)
                         : input.stages[at - beyond].size;
    };
    std::vector<int64_t> growth;
    const auto finer = size_at(level), coarser = size_at(level + 1);
    for (size_t axis = 0; axis < finer.size(); ++axis)
      growth.push_back(std::max<int64_t>(
          1, std::lround(static_cast<double>(finer[axis]) / static_cast<double>(coarser[axis]))));
    return growth;
  }

  /// Undefined where nothing joins the level.
  at::Tensor skip_of(size_t level, const Features& found, const at::Tensor& image) const {
    if (level >= beyond_) return found.stages[level - beyond_];
    return level == 0 && image_skip_ ? image : at::Tensor();
  }

  size_t beyond_;
  bool image_skip_;
  std::vector<Level> levels_;                     ///< finest first
  std::vector<std::shared_ptr<nn::Conv>> heads_;  ///< finest first
};

}  // namespace

DecoderRow unet_decoder_row() {
  return decoder_row<UnetDecoder, UnetDecoderOptions>(
      "unet", "U-Net's way up, of any encoder",
      {.source = "Ronneberger et al. 2015, arXiv 1505.04597", .takes = "any encoder"});
}

}  // namespace photo51::backbones
