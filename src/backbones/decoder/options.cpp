#include "photo51/backbones/decoder/options.hpp"

#include <array>

#include "backbones/axis_text.hpp"
#include "photo51/nn/layers/norms.hpp"

namespace photo51::backbones {
namespace {

void describe_decoder_norm(config::Fields& f, std::string& norm) {
  f("norm", norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
}

void describe_affine(config::Fields& f, bool& affine) {
  f("affine", affine, "instance norms have a weight and a bias (MONAI's default has none)");
}

constexpr const char* kSupervision = "coarser levels that have logits in training, for deep supervision";

}  // namespace

std::span<const std::string_view> enum_names(Upsampling) {
  static constexpr std::array<std::string_view, 2> names{"linear", "deconv"};
  return names;
}

void describe(config::Fields& f, UnetDecoderOptions& o) {
  f("features", o.features,
    "channels of each level, finest (the image's size) first; empty = those of the stages, half as many at "
    "each doubling beyond the first",
    {.min = 1});
  f("max_features", o.max_features, "at most so many where `features` is empty", {.min = 1});
  f("convolutions", o.convolutions, "convolutions a level", {.min = 1});
  f("kernels", o.kernels,
    "edges of the kernels of each level with a stage, finest first: 3, or one an axis, 1x3x3; empty = 3");
  describe_decoder_norm(f, o.norm);
  f("upsampling", o.upsampling, "how maps grow: linear interpolation or a transposed convolution");
  f("image_skip", o.image_skip, "the image joins the finest level where the first stage is coarser than it");
  f("deep_supervision", o.deep_supervision, kSupervision, {.min = 0});
  check_axis_texts(f, o.kernels, "kernels", /*odd=*/true);
}

void describe(config::Fields& f, BasicUnetDecoderOptions& o) {
  f("last_features", o.last_features, "channels of the finest level; 0 = as many as the first stage",
    {.min = 0});
}

void describe(config::Fields& f, DynUnetDecoderOptions& o) {
  f("deep_supervision", o.deep_supervision,
    "coarser levels that have logits in training, for deep supervision; not given = all but the coarsest",
    {.min = 0});
  f("bias", o.bias, "bias of the transposed convolutions");
}

void describe(config::Fields& f, SegResNetDecoderOptions& o) {
  f("blocks_up", o.blocks_up, "residual blocks of each level, coarsest first; empty = one each", {.min = 1});
  f("upsampling", o.upsampling, "how maps grow: linear interpolation or a transposed convolution");
}

void describe(config::Fields& f, UnetrDecoderOptions& o) {
  f("feature_size", o.feature_size, "channels of the finest level; each coarser one doubles them",
    {.min = 1});
  describe_decoder_norm(f, o.norm);
  describe_affine(f, o.affine);
  f("conv_block", o.conv_block, "a block of convolutions behind each transposed convolution of a skip");
  f("res_block", o.res_block, "the blocks have a shortcut");
}

void describe(config::Fields& f, SwinUnetrDecoderOptions& o) {
  describe_decoder_norm(f, o.norm);
  describe_affine(f, o.affine);
}

}  // namespace photo51::backbones
