#pragma once
/// From a tensor's type at run time to a C++ type.

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

#include "photo51/core/error.hpp"

namespace photo51::ops {

/// Calls `body` with a value of the type that voxels may have. Error (usage) for any other, in the name of
/// `who`.
template <class Body>
auto with_voxel_type(c10::ScalarType type, const char* who, const Body& body) {
  switch (type) {
    case c10::ScalarType::Byte:
      return body(uint8_t{});
    case c10::ScalarType::Char:
      return body(int8_t{});
    case c10::ScalarType::Short:
      return body(int16_t{});
    case c10::ScalarType::UInt16:
      return body(uint16_t{});
    case c10::ScalarType::Int:
      return body(int32_t{});
    case c10::ScalarType::Long:
      return body(int64_t{});
    case c10::ScalarType::Float:
      return body(float{});
    case c10::ScalarType::Double:
      return body(double{});
    default:
      core::fail_usage(std::string(who) + ": voxels of type " + c10::toString(type) +
                       "; it takes integers of 8 to 64 bits, float32 and float64");
  }
}

}  // namespace photo51::ops
