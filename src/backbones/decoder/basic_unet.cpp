#include "photo51/backbones/decoder/basic_unet.hpp"

#include <string>

#include "backbones/cnn/basic_unet_conv.hpp"
#include "backbones/decoder/belongs.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/default_conv.hpp"
#include "backbones/map_size.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {
namespace {

BasicUnetDecoder::Shape basic_unet_shape(const BasicUnetDecoderOptions& options,
                                         const BasicUnetOptions& encoder, const DecoderInput& input) {
  BasicUnetDecoder::Shape shape{.dims = input.dims, .out_channels = input.outputs};
  shape.last_features = options.last_features;
  if (options.last_features == 0 && !encoder.features.empty()) shape.last_features = encoder.features.front();
  return shape;
}

}  // namespace

BasicUnetDecoder::BasicUnetDecoder(const BasicUnetDecoderOptions& options, const DecoderInput& input)
    : BasicUnetDecoder(
          options_of_encoder<BasicUnetOptions>(input, "basic_unet"),
          basic_unet_shape(options, options_of_encoder<BasicUnetOptions>(input, "basic_unet"), input)) {}

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

std::vector<at::Tensor> BasicUnetDecoder::forward(const Features& found, const at::Tensor&) {
  at::Tensor x = found.stages.back();
  for (size_t i = 0; i < levels_.size(); ++i) {
    const at::Tensor& skip = found.stages[levels_.size() - 1 - i];
    const at::Tensor input = x;
    x = at::cat({skip, cut_or_continued(levels_[i].up->forward(x), skip)}, 1);
    for (const auto& conv : levels_[i].convs) x = conv->forward(x);
    nn::report(*levels_[i].module, input, x);
  }
  return {last_->forward(x)};
}

std::vector<nn::Dialect> BasicUnetDecoder::dialects() const {
  return {{.library = "MONAI", .classifier = {"fc."}, .ignored = {"conv_0", "down_*"}}};
}

DecoderRow basic_unet_decoder_row() {
  return decoder_row<BasicUnetDecoder, BasicUnetDecoderOptions>(
      "basic_unet", "decoder of BasicUNet",
      {.source = "Falk et al. 2019, doi 10.1038/s41592-018-0261-2",
       .takes = "basic_unet",
       .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
