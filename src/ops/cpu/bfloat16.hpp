#pragma once
/// bfloat16 in loops that the compiler vectorises: integer shifts.

#include <bit>
#include <cstdint>

namespace photo51::ops::cpu {

/// As memory has it.
struct Bf16 {
  uint16_t bits;
};

inline float widened(float value) {
  return value;
}
inline double widened(double value) {
  return value;
}
inline float widened(Bf16 value) {
  return std::bit_cast<float>(uint32_t{value.bits} << 16);
}

inline void store_as(float& to, float value) {
  to = value;
}
inline void store_as(double& to, double value) {
  to = value;
}
/// Rounded to nearest, ties to even; what is not a number stays so.
inline void store_as(Bf16& to, float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  to.bits = static_cast<uint16_t>(value != value ? 0x7FC0 : rounded);
}

}  // namespace photo51::ops::cpu
