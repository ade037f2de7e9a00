#pragma once
/// The image encoders that a config may name.

#include <filesystem>

#include "photo51/backbones/encoder.hpp"
#include "photo51/backbones/encoder_row.hpp"

namespace photo51::backbones {

/// Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildEncoder>& image_encoders();

/// The option of an encoder that names the file whose program it runs; null: it runs none.
std::filesystem::path* program_of(config::Choice& encoder);

}  // namespace photo51::backbones
