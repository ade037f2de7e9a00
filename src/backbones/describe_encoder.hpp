#pragma once
/// The description that the options of all image encoders share.

#include <string>
#include <vector>

#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// The names of a table's rows, for `Limits::one_of`.
std::vector<std::string> names_of(const config::Components& components);

/// `pools` are those that the network can do; `dropout` is the key of the tokens' dropout.
void describe_encoder(config::Fields& f, ImageEncoderOptions& o, std::vector<std::string> pools,
                      const char* dropout = "dropout");

}  // namespace photo51::backbones
