#include "photo51/backbones/cnn/resnet.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/cbam.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/drop_path.hpp"
#include "photo51/nn/layers/non_local.hpp"
#include "photo51/nn/layers/squeeze_excitation.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(ResNetStem) {
  static constexpr std::array<std::string_view, 3> names{"standard", "small", "deep"};
  return names;
}

std::span<const std::string_view> enum_names(ResNetShortcut) {
  static constexpr std::array<std::string_view, 3> names{"projection", "average", "padding"};
  return names;
}

std::span<const std::string_view> enum_names(ResNetStyle) {
  static constexpr std::array<std::string_view, 2> names{"pytorch", "caffe"};
  return names;
}

std::span<const std::string_view> enum_names(ResNetAttention) {
  static constexpr std::array<std::string_view, 3> names{"none", "se", "cbam"};
  return names;
}

namespace {

struct ResNetDepth {
  int64_t layers;
  bool bottleneck;
  std::array<int64_t, 4> blocks;  ///< of each stage
};
constexpr ResNetDepth resnet_depths[] = {
    {10, false, {1, 1, 1, 1}},  {18, false, {2, 2, 2, 2}},   {26, true, {2, 2, 2, 2}},
    {34, false, {3, 4, 6, 3}},  {50, true, {3, 4, 6, 3}},    {101, true, {3, 4, 23, 3}},
    {152, true, {3, 8, 36, 3}}, {200, true, {3, 24, 36, 3}},
};
constexpr const char* resnet_depth_rule = "must be 10, 18, 26, 34, 50, 101, 152 or 200";

const ResNetDepth* find_resnet_depth(int64_t layers) {
  const auto* found = std::find_if(std::begin(resnet_depths), std::end(resnet_depths),
                                   [&](const ResNetDepth& depth) { return depth.layers == layers; });
  return found == std::end(resnet_depths) ? nullptr : found;
}

}  // namespace

void describe(config::Fields& f, ResNetOptions& o) {
  f("depth", o.depth, "layers: 10, 18, 34 (basic blocks), 26, 50, 101, 152 or 200 (bottlenecks)");
  f("width", o.width, "channels of the first stage; each further stage doubles them", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("stem", o.stem,
    "standard: 7-wide convolution and max pool; small: 3-wide convolution, no pool; deep: three 3-wide "
    "convolutions and max pool");
  f("stem_stride", o.stem_stride, "stride of the stem's convolution (torchvision: 2, MONAI: 1)",
    {.min = 1, .max = 4});
  f("style", o.style,
    "where bottlenecks have their stride, pytorch: in the 3-wide convolution, caffe: in the first; caffe's "
    "max "
    "pool rounds up instead of padding");
  f("shortcut", o.shortcut,
    "where a block changes the shape, projection: convolution with the stride, average: mean and "
    "convolution, "
    "padding: every second place and channels of zeros");
  f("downsample_bias", o.downsample_bias, "bias in the shortcuts' convolutions, as MONAI's ResNets have");
  f("attention", o.attention, "in each block: none, squeeze-and-excitation, or CBAM (channels, then places)");
  f("non_local", o.non_local, "non-local blocks: two in the second stage, three in the third");
  f("drop_path", o.drop_path, "stochastic depth of the last block; it grows from 0 at the first",
    {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(find_resnet_depth(o.depth) != nullptr, "depth", resnet_depth_rule);
  f.check(o.drop_path < 1, "drop_path", "must be below 1");
}

namespace {

at::Tensor averaged_pairs(const at::Tensor& x) {
  std::vector<int64_t> kernel;
  for (const int64_t edge : x.sizes().slice(2)) kernel.push_back(std::min<int64_t>(2, edge));
  return x.dim() == 5 ? at::avg_pool3d(x, kernel, 2, 0, true, false)
                      : at::avg_pool2d(x, kernel, 2, 0, true, false);
}

/// What a block adds to its branch: the input in the shape of its output.
class ResNetShortcutPath : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims, in, out, stride;
  };
  ResNetShortcutPath(const Shape& shape, const ResNetOptions& options)
      : averages_(options.shortcut == ResNetShortcut::average && shape.stride > 1),
        stride_(shape.stride),
        out_(shape.out) {
    if (options.shortcut == ResNetShortcut::padding) return;
    // Where a mean comes first it has the number 0, even where the stride of 1 leaves nothing to average.
    const int first = options.shortcut == ResNetShortcut::average ? 1 : 0;
    projection_ = register_module(
        std::to_string(first), std::make_shared<nn::Conv>(nn::Conv::Shape{.dims = shape.dims,
                                                                          .in = shape.in,
                                                                          .out = shape.out,
                                                                          .kernel = 1,
                                                                          .stride = averages_ ? 1 : stride_,
                                                                          .bias = options.downsample_bias}));
    norm_ = register_module(std::to_string(first + 1), nn::make_norm(options.norm, shape.out));
  }

  at::Tensor forward(const at::Tensor& x) {
    if (projection_) return nn::conv_norm(*projection_, *norm_, averages_ ? averaged_pairs(x) : x);
    at::Tensor y = x;
    for (int64_t axis = 2; axis < x.dim(); ++axis) y = y.slice(axis, 0, x.size(axis), stride_);
    std::vector<int64_t> sides(static_cast<size_t>(2 * (x.dim() - 1)), 0);  // last axis first
    sides.back() = out_ - x.size(1);
    return at::constant_pad_nd(y, sides);
  }

 private:
  bool averages_;
  int64_t stride_, out_;
  std::shared_ptr<nn::Conv> projection_;
  std::shared_ptr<nn::Norm> norm_;
};

/// A basic block (two 3-wide convolutions) or a bottleneck (1, 3, 1), and its shortcut.
class ResNetBlock : public torch::nn::Module {
 public:
  struct Shape {
    int64_t dims, in, planes, stride;
    bool bottleneck;
    double drop_path;
  };
  static int64_t expansion(bool bottleneck) { return bottleneck ? 4 : 1; }

  ResNetBlock(const Shape& shape, const ResNetOptions& options) {
    const int64_t out = shape.planes * expansion(shape.bottleneck);
    if (shape.bottleneck) {
      const bool early = options.style == ResNetStyle::caffe;
      add(shape.dims, shape.in, shape.planes, 1, early ? shape.stride : 1, options.norm);
      add(shape.dims, shape.planes, shape.planes, 3, early ? 1 : shape.stride, options.norm);
      add(shape.dims, shape.planes, out, 1, 1, options.norm);
    } else {
      add(shape.dims, shape.in, shape.planes, 3, shape.stride, options.norm);
      add(shape.dims, shape.planes, out, 3, 1, options.norm);
    }
    // With timm's rounding of the hidden features.
    if (options.attention == ResNetAttention::se)
      se_ = register_module(
          "se", std::make_shared<nn::SqueezeExcitation>(shape.dims, out, nn::reduced_channels(out, 8)));
    if (options.attention == ResNetAttention::cbam)
      cbam_ =
          register_module("se", std::make_shared<nn::Cbam>(shape.dims, out, nn::reduced_channels(out, 1)));
    if (shape.drop_path > 0)
      drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(shape.drop_path));
    if (shape.stride > 1 || shape.in != out)
      shortcut_ = register_module(
          "downsample", std::make_shared<ResNetShortcutPath>(
                            ResNetShortcutPath::Shape{shape.dims, shape.in, out, shape.stride}, options));
  }

  at::Tensor forward(const at::Tensor& x) {
    at::Tensor out = x;
    const size_t last = convolutions_.size() - 1;
    for (size_t i = 0; i < last; ++i) out = nn::conv_norm(*convolutions_[i], *norms_[i], out, {.slope = 0});
    const at::Tensor residual = shortcut_ ? shortcut_->forward(x) : x;
    if (se_ || cbam_ || drop_path_) {
      out = nn::conv_norm(*convolutions_[last], *norms_[last], out);
      if (se_) out = se_->forward(out);
      if (cbam_) out = cbam_->forward(out);
      if (drop_path_) out = drop_path_->forward(out);
      out = (out + residual).relu_();
    } else {
      out = nn::conv_norm(*convolutions_[last], *norms_[last], out, {.slope = 0, .residual = residual});
    }
    nn::report(*this, x, out);
    return out;
  }

 private:
  void add(int64_t dims, int64_t in, int64_t out, int64_t kernel, int64_t stride, const std::string& norm) {
    const std::string number = std::to_string(convolutions_.size() + 1);
    const nn::Conv::Shape shape{.dims = dims, .in = in, .out = out, .kernel = kernel, .stride = stride};
    convolutions_.push_back(register_module("conv" + number, std::make_shared<nn::Conv>(shape)));
    norms_.push_back(register_module("bn" + number, nn::make_norm(norm, out)));
  }

  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
  std::vector<std::shared_ptr<nn::Norm>> norms_;
  std::shared_ptr<nn::SqueezeExcitation> se_;
  std::shared_ptr<nn::Cbam> cbam_;
  std::shared_ptr<nn::DropPath> drop_path_;
  std::shared_ptr<ResNetShortcutPath> shortcut_;
};

/// One convolution `conv1`, or three with norms between them under the numbers of a Sequential; then `bn1`,
/// ReLU and a max pool where there is one.
class ResNetEntry {
 public:
  ResNetEntry(torch::nn::Module& parent, const ResNetOptions& options, const InputShape& shape)
      : pool_(options.stem != ResNetStem::small), ceil_(options.style == ResNetStyle::caffe) {
    const auto conv = [&](int64_t in, int64_t out, int64_t kernel, int64_t stride) {
      return std::make_shared<nn::Conv>(
          nn::Conv::Shape{.dims = shape.dims, .in = in, .out = out, .kernel = kernel, .stride = stride});
    };
    if (options.stem == ResNetStem::deep) {
      const int64_t half = std::max<int64_t>(1, options.width / 2);
      auto sequence = parent.register_module("conv1", std::make_shared<torch::nn::Module>());
      convolutions_ = {sequence->register_module("0", conv(shape.channels, half, 3, options.stem_stride)),
                       sequence->register_module("3", conv(half, half, 3, 1)),
                       sequence->register_module("6", conv(half, options.width, 3, 1))};
      norms_ = {sequence->register_module("1", nn::make_norm(options.norm, half)),
                sequence->register_module("4", nn::make_norm(options.norm, half))};
    } else {
      convolutions_ = {parent.register_module(
          "conv1", conv(shape.channels, options.width, pool_ ? 7 : 3, options.stem_stride))};
    }
    norms_.push_back(parent.register_module("bn1", nn::make_norm(options.norm, options.width)));
  }

  at::Tensor forward(const at::Tensor& image) const {
    at::Tensor x = image;
    for (size_t i = 0; i < convolutions_.size(); ++i)
      x = nn::conv_norm(*convolutions_[i], *norms_[i], x, {.slope = 0});
    if (!pool_) return x;
    const int64_t padding = ceil_ ? 0 : 1;
    return x.dim() == 5 ? at::max_pool3d(x, 3, 2, padding, 1, ceil_)
                        : at::max_pool2d(x, 3, 2, padding, 1, ceil_);
  }

 private:
  bool pool_, ceil_;
  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
  std::vector<std::shared_ptr<nn::Norm>> norms_;
};

/// MONAI's squeeze-and-excitation has matrices where the others have convolutions of 1 x 1. What has another
/// shape is left as it is, for the error about it.
template <int dims>
at::Tensor resnet_convolution_of_matrix(const at::Tensor& weight) {
  if (weight.dim() != 2) return weight;
  return weight.reshape(dims == 3 ? std::vector<int64_t>{weight.size(0), weight.size(1), 1, 1, 1}
                                  : std::vector<int64_t>{weight.size(0), weight.size(1), 1, 1});
}

at::Tensor resnet_matrix_of_convolution(const at::Tensor& weight) {
  return weight.flatten(1);
}

class ResNet final : public Backbone {
 public:
  ResNet(const ResNetOptions& options, const ResNetDepth& depth, const InputShape& shape, int64_t classes)
      : dims_(shape.dims), entry_(*this, options, shape) {
    const std::vector<double> drop_paths = nn::drop_path_rates(
        options.drop_path, std::accumulate(depth.blocks.begin(), depth.blocks.end(), int64_t{0}));
    size_t number = 0;
    int64_t width = options.width;
    for (size_t stage = 0; stage < depth.blocks.size(); ++stage) {
      auto module =
          register_module("layer" + std::to_string(stage + 1), std::make_shared<torch::nn::Module>());
      auto& blocks = stages_.emplace_back(Stage{module, {}, {}}).blocks;
      const int64_t planes = options.width << stage, count = depth.blocks[stage];
      for (int64_t i = 0; i < count; ++i) {
        const ResNetBlock::Shape of{
            shape.dims, width, planes, stage > 0 && i == 0 ? 2 : 1, depth.bottleneck, drop_paths[number++]};
        blocks.push_back(
            module->register_module(std::to_string(i), std::make_shared<ResNetBlock>(of, options)));
        width = planes * ResNetBlock::expansion(depth.bottleneck);
      }
      if (options.non_local && (stage == 1 || stage == 2)) {
        const int64_t every = std::max<int64_t>(1, count / (stage == 1 ? 2 : 3));
        stages_.back().non_local.resize(blocks.size());
        for (int64_t i = every - 1; i < count; i += every)
          stages_.back().non_local[static_cast<size_t>(i)] =
              module->register_module("non_local" + std::to_string(i),
                                      std::make_shared<nn::NonLocal>(
                                          shape.dims, width, std::max<int64_t>(1, width / 2), options.norm));
      }
      widths_.push_back(width);
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = entry_.forward(image);
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      for (size_t i = 0; i < stage.blocks.size(); ++i) {
        x = stage.blocks[i]->forward(x);
        if (i < stage.non_local.size() && stage.non_local[i]) x = stage.non_local[i]->forward(x);
      }
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    const std::string block = "layer*.*.";
    const auto as_convolution =
        dims_ == 3 ? resnet_convolution_of_matrix<3> : resnet_convolution_of_matrix<2>;
    return {{.library = "torchvision", .classifier = {"fc."}},
            {.library = "timm", .classifier = {"fc."}},
            {.library = "MONAI", .classifier = {"fc."}},
            {.library = "timm legacy_seresnet",
             .renames = {{"layer0.conv1", "conv1"},
                         {"layer0.bn1", "bn1"},
                         {block + "se_module", block + "se"},
                         {"last_linear", "fc"}},
             .classifier = {"last_linear."}},
            {.library = "MONAI SEResNet",
             .renames = {{"layer0.conv1", "conv1"},
                         {"layer0.bn1", "bn1"},
                         {block + "conv*.conv", block + "conv*"},
                         {block + "conv*.adn.N", block + "bn*"},
                         {block + "se_layer.fc.0", block + "se.fc1"},
                         {block + "se_layer.fc.2", block + "se.fc2"},
                         {block + "project.conv", block + "downsample.0"},
                         {block + "project.adn.N", block + "downsample.1"},
                         {"last_linear", "fc"}},
             .transforms = {{block + "se.fc1.weight", as_convolution, resnet_matrix_of_convolution},
                            {block + "se.fc2.weight", as_convolution, resnet_matrix_of_convolution}},
             .classifier = {"last_linear."}}};
  }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<std::shared_ptr<ResNetBlock>> blocks;
    std::vector<std::shared_ptr<nn::NonLocal>>
        non_local;  ///< behind the block of the same number; may be null
  };
  int64_t dims_;
  std::vector<int64_t> widths_;
  ResNetEntry entry_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_resnet(const ResNetOptions& options, const InputShape& shape,
                                      int64_t classes) {
  const ResNetDepth* depth = find_resnet_depth(options.depth);
  if (depth == nullptr)
    core::fail_usage(std::string("the resnet's `depth` ") + resnet_depth_rule + ", not " +
                     std::to_string(options.depth));
  return std::make_shared<ResNet>(options, *depth, shape, classes);
}

EncoderRow resnet_row() {
  return image_encoder_row<ResNetOptions, make_resnet>(
      "resnet", "residual convolutional network, 2D or 3D",
      {.source = "He et al. 2016, arXiv 1512.03385",
       .parity = {"torchvision", "timm", "MONAI"},
       .defaults = {{"MONAI", {"stem_stride=1", "downsample_bias=true"}}}});
}

}  // namespace photo51::backbones
