#pragma once
/// The image encoders that a config may name.

#include <memory>

#include "photo51/backbones/encoder.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

using BuildEncoder = std::shared_ptr<Encoder> (*)(const config::Choice& choice, const InputShape& shape);
/// Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildEncoder>& image_encoders();

}  // namespace photo51::backbones
