#pragma once
/// The rows of the table of decoders, each defined in the file of its name.

#include "photo51/backbones/decoder/decoders.hpp"

namespace photo51::backbones {

DecoderRow unet_decoder_row();
DecoderRow basic_unet_decoder_row();
DecoderRow dynunet_decoder_row();
DecoderRow segresnet_decoder_row();
DecoderRow unetr_decoder_row();
DecoderRow swin_unetr_decoder_row();

}  // namespace photo51::backbones
