#pragma once
/// Decoders that follow the options of their own encoder.

#include <string>
#include <typeinfo>

#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {

/// Error (usage): the encoder is another.
template <class EncoderOptions>
const EncoderOptions& options_of_encoder(const DecoderInput& input, const std::string& decoder) {
  const config::Choice& encoder = input.encoder;
  if (!encoder.options || encoder.options->type() != typeid(EncoderOptions))
    core::fail_usage("the decoder `" + decoder + "` belongs to the encoder `" + decoder +
                     "` and follows its options, and the encoder is `" + encoder.name +
                     "`; take `decoder: unet`, which any encoder may have");
  return encoder.as<EncoderOptions>();
}

}  // namespace photo51::backbones
