#pragma once
/// The image encoders that a config may name.

#include "photo51/backbones/encoder.hpp"
#include "photo51/backbones/encoder_row.hpp"

namespace photo51::backbones {

/// Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildEncoder>& image_encoders();

}  // namespace photo51::backbones
