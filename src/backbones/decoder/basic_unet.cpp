#include "photo51/backbones/decoder/basic_unet.hpp"

#include <algorithm>
#include <string>

#include "backbones/cnn/basic_unet_conv.hpp"
#include "backbones/default_conv.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {
namespace {

/// With its last places repeated along the axes on which it is shorter than `skip`.
at::Tensor as_large_as(const at::Tensor& x, const at::Tensor& skip) {
  std::vector<int64_t> sides;  // the last axis first
  for (int64_t axis = x.dim() - 1; axis > 1; --axis)
    sides.insert(sides.end(), {0, skip.size(axis) - x.size(axis)});
  if (std::ranges::all_of(sides, [](int64_t more) { return more == 0; })) return x;
  return x.dim() == 5 ? at::replication_pad3d(x, sides) : at::replication_pad2d(x, sides);
}

}  // namespace

BasicUnetDecoder::BasicUnetDecoder(const BasicUnetOptions& encoder, const Shape& shape) {
  const auto& widths = encoder.features;
  if (widths.size() < 2)
    core::fail_usage("the decoder of a basic_unet joins stages, and its `features` name " +
                     std::to_string(widths.size()) + "; name two or more");
  int64_t in = widths.back();
  for (size_t level = widths.size() - 1; level > 0; --level) {
    const bool finest = level == 1;
    const int64_t skip = widths[level - 1], out = finest ? shape.last_features : skip;
    const int64_t risen = finest ? in : in / 2;
    auto module = register_module("upcat_" + std::to_string(level), std::make_shared<torch::nn::Module>());
    auto upsample = module->register_module("upsample", std::make_shared<torch::nn::Module>());
    auto pair = module->register_module("convs", std::make_shared<torch::nn::Module>());
    Level of{module,
             upsample->register_module("deconv", make_default_conv({.dims = shape.dims,
                                                                    .in = in,
                                                                    .out = risen,
                                                                    .kernel = 2,
                                                                    .stride = 2,
                                                                    .bias = true,
                                                                    .transposed = true})),
             {}};
    for (size_t k = 0; k < of.convs.size(); ++k)
      of.convs[k] = pair->register_module(
          "conv_" + std::to_string(k),
          std::make_shared<BasicUnetConv>(BasicUnetConvShape{shape.dims, k == 0 ? skip + risen : out, out,
                                                             encoder.norm, encoder.bias, encoder.dropout}));
    levels_.push_back(std::move(of));
    in = out;
  }
  last_ = register_module(
      "final_conv",
      make_default_conv(
          {.dims = shape.dims, .in = in, .out = shape.out_channels, .kernel = 1, .bias = true}));
}

at::Tensor BasicUnetDecoder::forward(const Features& found) {
  at::Tensor x = found.stages.back();
  for (size_t i = 0; i < levels_.size(); ++i) {
    const at::Tensor& skip = found.stages[levels_.size() - 1 - i];
    const at::Tensor input = x;
    x = at::cat({skip, as_large_as(levels_[i].up->forward(x), skip)}, 1);
    for (const auto& conv : levels_[i].convs) x = conv->forward(x);
    nn::report(*levels_[i].module, input, x);
  }
  return last_->forward(x);
}

std::vector<nn::Dialect> BasicUnetDecoder::dialects() const {
  return {{.library = "MONAI", .ignored = {"conv_0", "down_*"}}};
}

}  // namespace photo51::backbones
