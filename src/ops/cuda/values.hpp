#pragma once
/// The types of values that kernels of networks take on a GPU, and the type in which they add. Plain C++17,
/// which the compiler of CUDA takes as well.

#include <cstdint>
#include <cstring>

#include "ops/cuda/device_code.hpp"

namespace photo51::ops::cuda {

enum class DeviceValues : int { f32, bf16, f64 };

/// bfloat16 as memory has it.
struct DeviceBf16 {
  uint16_t bits;
};

PHOTO51_DEVICE inline float widened(float value) {
  return value;
}
PHOTO51_DEVICE inline double widened(double value) {
  return value;
}
PHOTO51_DEVICE inline float widened(DeviceBf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  memcpy(&wide, &bits, sizeof wide);
  return wide;
}
PHOTO51_DEVICE inline void store_as(float& to, float value) {
  to = value;
}
PHOTO51_DEVICE inline void store_as(double& to, double value) {
  to = value;
}
/// Rounded to nearest, ties to even.
PHOTO51_DEVICE inline void store_as(DeviceBf16& to, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  to.bits = static_cast<uint16_t>(value != value ? 0x7FC0 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

/// Calls `run(V{}, A{})`, the types of values and sums.
template <class Run>
void with_device_values(DeviceValues type, Run run) {
  switch (type) {
    case DeviceValues::f32:
      return run(float{}, float{});
    case DeviceValues::bf16:
      return run(DeviceBf16{}, float{});
    case DeviceValues::f64:
      return run(double{}, double{});
  }
}

}  // namespace photo51::ops::cuda
