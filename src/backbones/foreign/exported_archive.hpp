#pragma once
/// What a file of torch.export says before it runs: the runtime believes its numbers.

#include <string>

#include "nn/programs/archive.hpp"
#include "photo51/backbones/input_shape.hpp"

namespace photo51::backbones {

/// The name of its one program. Errors (data): those of `make_exported` that are about the file.
std::string check_exported(const nn::Archive& archive, const InputShape& shape);

}  // namespace photo51::backbones
