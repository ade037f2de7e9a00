#pragma once
/// What makes a map of the image's size of an encoder's stages, by the name that `decoder` gives.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

class Backbone;
class Decoder;
struct Features;

struct StageShape {
  int64_t width = 0;
  std::vector<int64_t> size;  ///< [z,] y, x
};

/// What a decoder is built for.
struct DecoderInput {
  int64_t dims = 3;
  int64_t channels = 1;             ///< of the image
  int64_t outputs = 2;              ///< logits of a place
  std::vector<int64_t> image_size;  ///< [z,] y, x that the encoder is built for (patch)
  std::vector<StageShape> stages;   ///< finest first
  const config::Choice& encoder;  ///< which image encoder makes the stages; some decoders follow its options
};

/// What `photo51 describe decoders` says of a decoder.
struct DecoderFacts {
  std::string source = {};  ///< the paper; empty: there is none
  std::string takes = {};   ///< whose stages: "any encoder", "basic_unet"
  /// Libraries beside whose whole network, encoder and decoder, it is tested (tests/parity).
  std::vector<std::string> parity = {};
  /// Options, as `key=value`, that leave out what training alone needs.
  std::vector<std::string> prediction = {};
};

struct BuildDecoder {
  std::shared_ptr<Decoder> (*build)(const config::Choice& choice, const DecoderInput& input);
  DecoderFacts facts = {};
};
using DecoderRow = config::Catalogue<BuildDecoder>::Row;
/// auto, unet, basic_unet, dynunet, segresnet, unetr, swin_unetr. Open: other code adds its own.
config::Catalogue<BuildDecoder>& decoders();
/// The decoder that `auto` is for this encoder: the one of its name, else `unet`.
std::string decoder_of_encoder(const std::string& encoder);
/// The one that the choice names. Errors (usage): there is none of this name; as of the decoder.
std::shared_ptr<Decoder> make_decoder(const config::Choice& decoder, const DecoderInput& input);

/// The shapes of what a network found.
std::vector<StageShape> stage_shapes(const Features& found);
/// What a decoder behind this network is built for: runs it once, in evaluation mode, on an image of zeros.
DecoderInput decoder_input(Backbone& backbone, const config::Choice& encoder, int64_t dims, int64_t channels,
                           int64_t outputs, std::vector<int64_t> image_size);

/// The row of a decoder that is made of its Options and a DecoderInput.
template <class Made, class Options>
DecoderRow decoder_row(std::string name, std::string help, DecoderFacts facts = {}) {
  const auto build = [](const config::Choice& choice, const DecoderInput& input) -> std::shared_ptr<Decoder> {
    return std::make_shared<Made>(choice.as<Options>(), input);
  };
  return {config::component<Options>(std::move(name), std::move(help)), {build, std::move(facts)}};
}

}  // namespace photo51::backbones
