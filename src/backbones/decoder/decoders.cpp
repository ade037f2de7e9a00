#include "photo51/backbones/decoder/decoders.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "backbones/decoder/rows.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {
namespace {

const char* const kAuto = "auto";

/// Of the decoder that belongs to the encoder, with its defaults.
std::shared_ptr<Decoder> build_auto(const config::Choice&, const DecoderInput& input) {
  const std::string name = decoder_of_encoder(input.encoder.name);
  const auto& rows = decoders().components();
  return make_decoder({name, std::ranges::find(rows, name, &config::Component::name)->make()}, input);
}

DecoderRow auto_row() {
  return {config::component(kAuto, "the decoder of the encoder's name, else unet"), {build_auto, {}}};
}

}  // namespace

config::Catalogue<BuildDecoder>& decoders() {
  static config::Catalogue<BuildDecoder> table = {auto_row(),
                                                  unet_decoder_row(),
                                                  basic_unet_decoder_row(),
                                                  dynunet_decoder_row(),
                                                  segresnet_decoder_row(),
                                                  unetr_decoder_row(),
                                                  swin_unetr_decoder_row()};
  return table;
}

std::string decoder_of_encoder(const std::string& encoder) {
  return encoder != kAuto && decoders().find(encoder) != nullptr ? encoder : "unet";
}

std::shared_ptr<Decoder> make_decoder(const config::Choice& decoder, const DecoderInput& input) {
  const auto* row = decoders().find(decoder.name);
  if (row == nullptr)
    core::fail_usage("decoder: there is no `" + decoder.name + "`" +
                     core::suggest(decoder.name, names_of(decoders().components())));
  if (input.stages.empty())
    core::fail_usage("decoder: the encoder `" + input.encoder.name + "` has no stage");
  return row->build(decoder, input);
}

std::vector<StageShape> stage_shapes(const Features& found) {
  std::vector<StageShape> shapes;
  for (const auto& stage : found.stages)
    shapes.push_back({.width = stage.size(1), .size = stage.sizes().slice(2).vec()});
  return shapes;
}

DecoderInput decoder_input(Backbone& backbone, const config::Choice& encoder, int64_t dims, int64_t channels,
                           int64_t outputs, std::vector<int64_t> image_size) {
  const at::NoGradGuard no_grad;
  const auto parameters = backbone.parameters();
  auto options = parameters.empty() ? at::TensorOptions(at::kFloat) : parameters.front().options();
  std::vector<int64_t> sizes{1, channels};
  sizes.insert(sizes.end(), image_size.begin(), image_size.end());
  const bool trained = backbone.is_training();
  backbone.eval();
  std::vector<StageShape> stages =
      stage_shapes(backbone.features(at::zeros(sizes, options.requires_grad(false))));
  backbone.train(trained);
  return {dims, channels, outputs, std::move(image_size), std::move(stages), encoder};
}

}  // namespace photo51::backbones
