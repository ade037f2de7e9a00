#pragma once
/// The names that may stand in a program of the pickle format.

#include <c10/core/ScalarType.h>

#include <string>
#include <string_view>

namespace photo51::nn {

/// What a name stands for; `opaque` for something harmless that weights do not need.
enum class PickleRole { ordered_dict, tensor, typed_tensor, parameter, size, storage, type, opaque };
struct PickleGlobal {
  std::string_view module, name;
  PickleRole role;
  c10::ScalarType type = c10::ScalarType::Float;  ///< of a storage or a type

  std::string full_name() const { return std::string(module) + "." + std::string(name); }
};
/// Null for every other name.
const PickleGlobal* find_pickle_global(std::string_view module, std::string_view name);

}  // namespace photo51::nn
