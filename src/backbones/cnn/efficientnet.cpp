#include "photo51/backbones/cnn/efficientnet.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/drop_path.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(EfficientNetVariant) {
  static constexpr std::array<std::string_view, 8> names{"b0", "b1",    "b2",    "b3",
                                                         "b4", "lite0", "lite1", "lite2"};
  return names;
}

std::span<const std::string_view> enum_names(ConvPadding) {
  static constexpr std::array<std::string_view, 3> names{"symmetric", "same", "static"};
  return names;
}

namespace {

void describe_efficientnet_norm(config::Fields& f, double& epsilon, ConvPadding& padding) {
  f("norm_epsilon", epsilon, "of the norm: 1e-5, or 1e-3 for weights that come from TensorFlow",
    {.min = 1e-9, .max = 1});
  f("padding", padding,
    "symmetric; same: TensorFlow's, uneven where the stride is 2; static: MONAI's, that of the published "
    "image "
    "size");
}

}  // namespace

void describe(config::Fields& f, EfficientNetOptions& o) {
  f("variant", o.variant, "published sizes; lite: without squeeze-and-excitation, ReLU6");
  f("channel_multiplier", o.channel_multiplier, "of b0's channels; 0 = the variant's", {.min = 0, .max = 10});
  f("depth_multiplier", o.depth_multiplier, "of b0's blocks a stage; 0 = the variant's",
    {.min = 0, .max = 10});
  f("stem_stride", o.stem_stride, "stride of the first convolution", {.min = 1, .max = 4});
  f("drop_path", o.drop_path, "how often training leaves a block out, from 0 at the first up to this",
    {.min = 0, .max = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  describe_efficientnet_norm(f, o.norm_epsilon, o.padding);
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
}

void describe(config::Fields& f, EfficientNetLiteOptions& o) {
  describe_efficientnet_norm(f, o.norm_epsilon, o.padding);
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
}

namespace {

/// Of inverted residuals: expand, depthwise, project.
struct EfficientNetStage {
  int64_t blocks, kernel, stride, expansion, out;
};
/// The published one of B0; the others multiply blocks and channels.
constexpr EfficientNetStage efficientnet_b0[] = {{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24},  {2, 5, 2, 6, 40},
                                                 {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192},
                                                 {1, 3, 1, 6, 320}};

struct EfficientNetScale {
  double channels, depth;
  int64_t image;  ///< edge of the images that it was published with
  bool lite;
};
EfficientNetScale scale_of(const EfficientNetOptions& options) {
  constexpr EfficientNetScale published[] = {
      {1.0, 1.0, 224, false}, {1.0, 1.1, 240, false}, {1.1, 1.2, 260, false}, {1.2, 1.4, 300, false},
      {1.4, 1.8, 380, false}, {1.0, 1.0, 224, true},  {1.0, 1.1, 240, true},  {1.1, 1.2, 260, true}};
  EfficientNetScale scale = published[static_cast<size_t>(options.variant)];
  if (options.channel_multiplier > 0) scale.channels = options.channel_multiplier;
  if (options.depth_multiplier > 0) scale.depth = options.depth_multiplier;
  return scale;
}

/// To the nearest multiple of 8 that is not more than a tenth smaller.
int64_t scaled_channels(int64_t channels, double multiplier) {
  const double exact = static_cast<double>(channels) * multiplier;
  const int64_t rounded = std::max<int64_t>(8, static_cast<int64_t>(exact + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * exact ? rounded + 8 : rounded;
}

/// What the layers of one network share.
struct EfficientNetPlan {
  const EfficientNetOptions& options;
  int64_t dims;
  bool lite;
  int64_t published;          ///< edge that the published image has where the next layer stands
  std::vector<int64_t> size;  ///< of the image there, as far as it is known
};

/// Zeros at both ends of an axis, as `same` has them for the published image.
std::pair<int64_t, int64_t> static_padding(EfficientNetPlan& plan, int64_t kernel, int64_t stride) {
  const int64_t smaller = (plan.published + stride - 1) / stride;
  const int64_t all = std::max<int64_t>(0, (smaller - 1) * stride + kernel - plan.published);
  plan.published = smaller;
  for (int64_t& edge : plan.size) {
    if (edge + all < kernel)
      core::fail_usage(
          "this image is too small for the efficientnet's `padding: static`; set `padding: same` "
          "or a larger `preprocess.size`");
    edge = (edge + all - kernel) / stride + 1;
  }
  return {all / 2, all - all / 2};
}

at::Tensor efficientnet_activation(at::Tensor x, bool lite) {
  return lite ? at::relu6_(x) : at::silu(x);
}

/// Convolution, norm and, except at the end of a block, activation.
class EfficientNetLayer {
 public:
  struct Names {
    const char *convolution, *norm;
  };
  /// `shape` has a cubic kernel and one stride for all axes, which are given apart.
  EfficientNetLayer(torch::nn::Module& parent, const Names& names, nn::Conv::Shape shape, int64_t kernel,
                    int64_t stride, EfficientNetPlan& plan, bool activated = true)
      : activated_(activated), lite_(plan.lite) {
    shape.dims = plan.dims;
    shape.kernel = kernel;
    shape.stride = stride;
    shape.same = plan.options.padding == ConvPadding::same;
    if (plan.options.padding == ConvPadding::static_same && stride > 1) {
      const auto [before, after] = static_padding(plan, kernel, stride);
      for (int64_t axis = 0; axis < plan.dims; ++axis) sides_.insert(sides_.end(), {before, after});
      shape.padding = 0;
    }
    convolution_ = parent.register_module(names.convolution, std::make_shared<nn::Conv>(shape));
    norm_ = parent.register_module(names.norm,
                                   nn::make_norm(plan.options.norm, shape.out, plan.options.norm_epsilon));
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor padded = sides_.empty() ? x : at::constant_pad_nd(x, sides_);
    const at::Tensor y = nn::conv_norm(*convolution_, *norm_, padded);
    return activated_ ? efficientnet_activation(y, lite_) : y;
  }

 private:
  std::vector<int64_t> sides_;  ///< of zeros before the convolution; empty: it pads itself
  std::shared_ptr<nn::Conv> convolution_;
  std::shared_ptr<nn::Norm> norm_;
  bool activated_, lite_;
};

/// Hu et al., Squeeze-and-excitation networks, CVPR 2018: a factor for each channel, made of all their means.
class EfficientNetSqueeze : public torch::nn::Module {
 public:
  EfficientNetSqueeze(int64_t dims, int64_t channels, int64_t squeezed) {
    const nn::Conv::Shape reduce{.dims = dims, .in = channels, .out = squeezed, .kernel = 1, .bias = true};
    const nn::Conv::Shape expand{.dims = dims, .in = squeezed, .out = channels, .kernel = 1, .bias = true};
    reduce_ = register_module("conv_reduce", std::make_shared<nn::Conv>(reduce));
    expand_ = register_module("conv_expand", std::make_shared<nn::Conv>(expand));
  }

  at::Tensor forward(const at::Tensor& x) {
    std::vector<int64_t> places;
    for (int64_t axis = 2; axis < x.dim(); ++axis) places.push_back(axis);
    const at::Tensor squeezed = at::silu(reduce_->forward(x.mean(places, true)));
    const at::Tensor y = x * expand_->forward(squeezed).sigmoid();
    nn::report(*this, x, y);
    return y;
  }

 private:
  std::shared_ptr<nn::Conv> reduce_, expand_;
};

class EfficientNetBlock : public torch::nn::Module {
 public:
  EfficientNetBlock(const EfficientNetStage& stage, int64_t in, int64_t stride, double drop_path,
                    EfficientNetPlan& plan)
      : shortcut_(stride == 1 && in == stage.out) {
    const int64_t wide = in * stage.expansion;
    const bool expands = stage.expansion != 1;
    using Names = EfficientNetLayer::Names;
    if (expands) layers_.emplace_back(*this, Names{"conv_pw", "bn1"}, shape(in, wide), 1, 1, plan);
    layers_.emplace_back(*this, Names{"conv_dw", expands ? "bn2" : "bn1"},
                         nn::Conv::Shape{.in = wide, .out = wide, .groups = wide}, stage.kernel, stride,
                         plan);
    if (!plan.lite)
      squeeze_ = register_module("se", std::make_shared<EfficientNetSqueeze>(plan.dims, wide, in / 4));
    layers_.emplace_back(*this, expands ? Names{"conv_pwl", "bn3"} : Names{"conv_pw", "bn2"},
                         shape(wide, stage.out), 1, 1, plan, false);
    if (shortcut_) drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(drop_path));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (size_t i = 0; i + 1 < layers_.size(); ++i) y = layers_[i].forward(y);
    if (squeeze_) y = squeeze_->forward(y);
    y = layers_.back().forward(y);
    if (shortcut_) y = drop_path_->forward(y) + x;
    nn::report(*this, x, y);
    return y;
  }

 private:
  static nn::Conv::Shape shape(int64_t in, int64_t out) { return {.in = in, .out = out}; }

  bool shortcut_;
  std::vector<EfficientNetLayer> layers_;
  std::shared_ptr<EfficientNetSqueeze> squeeze_;
  std::shared_ptr<nn::DropPath> drop_path_;
};

class EfficientNet final : public Backbone {
 public:
  EfficientNet(const EfficientNetOptions& options, const InputShape& shape, int64_t classes) {
    const EfficientNetScale scale = scale_of(options);
    lite_ = scale.lite;
    // The lite ones keep what is first and last as small as it is in B0.
    const auto fixed = [&](double multiplier) { return scale.lite ? 1.0 : multiplier; };
    for (EfficientNetStage stage : efficientnet_b0) {
      const bool outer = groups_.empty() || groups_.size() + 1 == std::size(efficientnet_b0);
      const double blocks = static_cast<double>(stage.blocks) * (outer ? fixed(scale.depth) : scale.depth);
      stage.blocks = static_cast<int64_t>(std::ceil(blocks));
      stage.out = scaled_channels(stage.out, scale.channels);
      groups_.push_back({stage, nullptr, {}});
    }
    EfficientNetPlan plan{options, shape.dims, scale.lite, scale.image, shape.size};
    int64_t width = scaled_channels(32, fixed(scale.channels));
    stem_ = std::make_shared<EfficientNetLayer>(*this, EfficientNetLayer::Names{"conv_stem", "bn1"},
                                                nn::Conv::Shape{.in = shape.channels, .out = width}, 3,
                                                options.stem_stride, plan);
    auto all = register_module("blocks", std::make_shared<torch::nn::Module>());
    int64_t total = 0, number = 0;
    for (const Group& group : groups_) total += group.stage.blocks;
    for (size_t i = 0; i < groups_.size(); ++i) {
      Group& group = groups_[i];
      group.module = all->register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
      for (int64_t j = 0; j < group.stage.blocks; ++j) {
        const double rate = options.drop_path * static_cast<double>(number++) / static_cast<double>(total);
        group.blocks.push_back(group.module->register_module(
            std::to_string(j), std::make_shared<EfficientNetBlock>(
                                   group.stage, width, j == 0 ? group.stage.stride : 1, rate, plan)));
        width = group.stage.out;
      }
    }
    head_width_ = scaled_channels(1280, fixed(scale.channels));
    head_ = std::make_shared<EfficientNetLayer>(*this, EfficientNetLayer::Names{"conv_head", "bn2"},
                                                nn::Conv::Shape{.in = width, .out = head_width_}, 1, 1, plan);
    if (classes == 0) return;
    classifier_ = register_module("classifier", std::make_shared<nn::Linear>(head_width_, classes));
    if (nn::SkipInit::active()) return;
    const at::NoGradGuard no_grad;
    nn::fill_uniform_by_inputs(classifier_->weight, classes);  // by outputs, as published
    classifier_->bias.zero_();
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = stem_->forward(image);
    for (size_t i = 0; i < groups_.size(); ++i) {
      const at::Tensor input = x;
      for (const auto& block : groups_[i].blocks) x = block->forward(x);
      nn::report(*groups_[i].module, input, x);
      if (is_last_of_its_size(i)) found.stages.push_back(x);
    }
    found.stages.push_back(head_->forward(x));
    return found;
  }

  std::vector<int64_t> widths() const override {
    std::vector<int64_t> widths;
    for (size_t i = 0; i < groups_.size(); ++i)
      if (is_last_of_its_size(i)) widths.push_back(groups_[i].stage.out);
    widths.push_back(head_width_);
    return widths;
  }

  std::vector<nn::Dialect> dialects() const override {
    nn::Dialect timm{.library = "timm", .classifier = {"classifier."}};
    if (lite_) return {timm};
    return {timm, torchvision(), monai()};
  }

 private:
  struct Group {
    EfficientNetStage stage;
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<EfficientNetBlock>> blocks;
  };
  /// Before the next one halves it; the coarsest map is the head's.
  bool is_last_of_its_size(size_t stage) const {
    return stage + 1 < groups_.size() && groups_[stage + 1].stage.stride > 1;
  }

  /// Its Sequentials count the stem as a stage, and of a block only the layers that are there.
  nn::Dialect torchvision() const {
    nn::Dialect dialect{.library = "torchvision", .renames = {}, .classifier = {"classifier."}};
    auto& renames = dialect.renames;
    const auto add = [&](const std::string& theirs, const std::string& ours, const char* convolution,
                         const char* norm) {
      renames.push_back({theirs + ".0", ours + convolution});
      renames.push_back({theirs + ".1", ours + norm});
    };
    add("features.0", "", "conv_stem", "bn1");
    for (size_t i = 0; i < groups_.size(); ++i) {
      const std::string block = "features." + std::to_string(i + 1) + ".*.block.";
      const std::string own = "blocks." + std::to_string(i) + ".*.";
      const bool expands = groups_[i].stage.expansion != 1;
      int64_t place = 0;
      const auto next = [&] { return block + std::to_string(place++); };
      if (expands) add(next(), own, "conv_pw", "bn1");
      add(next(), own, "conv_dw", expands ? "bn2" : "bn1");
      const std::string squeeze = next();
      renames.push_back({squeeze + ".fc1", own + "se.conv_reduce"});
      renames.push_back({squeeze + ".fc2", own + "se.conv_expand"});
      add(next(), own, expands ? "conv_pwl" : "conv_pw", expands ? "bn3" : "bn2");
    }
    add("features." + std::to_string(groups_.size() + 1), "", "conv_head", "bn2");
    renames.push_back({"classifier.1", "classifier"});
    return dialect;
  }

  /// It numbers blocks throughout, and norms from 0 where a block expands and from 1 where it does not.
  nn::Dialect monai() const {
    nn::Dialect dialect{.library = "MONAI",
                        .renames = {{"_conv_stem", "conv_stem"}, {"_bn0", "bn1"}},
                        .classifier = {"_fc."}};
    auto& renames = dialect.renames;
    int64_t number = 0;
    for (size_t i = 0; i < groups_.size(); ++i) {
      const std::string stage = std::to_string(i);
      const bool expands = groups_[i].stage.expansion != 1;
      for (size_t j = 0; j < groups_[i].blocks.size(); ++j) {
        const std::string block = "_blocks." + stage + "." + std::to_string(number++) + ".";
        const std::string own = "blocks." + stage + "." + std::to_string(j) + ".";
        if (expands) {
          renames.push_back({block + "_expand_conv", own + "conv_pw"});
          renames.push_back({block + "_bn0", own + "bn1"});
        }
        renames.push_back({block + "_depthwise_conv", own + "conv_dw"});
        renames.push_back({block + "_bn1", own + (expands ? "bn2" : "bn1")});
        renames.push_back({block + "_se_reduce", own + "se.conv_reduce"});
        renames.push_back({block + "_se_expand", own + "se.conv_expand"});
        renames.push_back({block + "_project_conv", own + (expands ? "conv_pwl" : "conv_pw")});
        renames.push_back({block + "_bn2", own + (expands ? "bn3" : "bn2")});
      }
    }
    renames.push_back({"_conv_head", "conv_head"});
    renames.push_back({"_bn1", "bn2"});
    renames.push_back({"_fc", "classifier"});
    return dialect;
  }

  std::vector<Group> groups_;
  std::shared_ptr<EfficientNetLayer> stem_, head_;
  int64_t head_width_ = 0;
  bool lite_ = false;
};

}  // namespace

std::shared_ptr<Backbone> make_efficientnet(const EfficientNetOptions& options, const InputShape& shape,
                                            int64_t classes) {
  return std::make_shared<EfficientNet>(options, shape, classes);
}

EncoderRow efficientnet_row() {
  return image_encoder_row<EfficientNetOptions, make_efficientnet>(
      "efficientnet", "EfficientNet B0 to B4 and Lite0 to 2, 2D or 3D",
      {.source = "Tan and Le 2019, arXiv 1905.11946",
       .parity = {"torchvision", "timm", "MONAI"},
       .defaults = {{"MONAI", {"padding=static", "norm_epsilon=1e-3"}}}});
}

std::shared_ptr<Backbone> make_efficientnet_lite0(const EfficientNetLiteOptions& options,
                                                  const InputShape& shape, int64_t classes) {
  EfficientNetOptions of;
  of.variant = EfficientNetVariant::lite0;
  of.norm_epsilon = options.norm_epsilon;
  of.padding = options.padding;
  return make_efficientnet(of, shape, classes);
}

EncoderRow efficientnet_lite0_row() {
  return image_encoder_row<EfficientNetLiteOptions, make_efficientnet_lite0>(
      "efficientnet_lite0", "EfficientNet-Lite0, 2D or 3D",
      {.source = "Liu 2020, Higher accuracy on vision models with EfficientNet-Lite", .parity = {"timm"}});
}

}  // namespace photo51::backbones
