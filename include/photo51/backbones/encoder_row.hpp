#pragma once
/// A row of the table of encoders, without their modules.

#include <memory>

#include "photo51/backbones/input_shape.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

class Backbone;
class Encoder;

using BuildEncoder = std::shared_ptr<Encoder> (*)(const config::Choice& choice, const InputShape& shape);
using EncoderRow = config::Catalogue<BuildEncoder>::Row;

}  // namespace photo51::backbones
