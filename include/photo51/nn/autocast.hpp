#pragma once
/// Convolutions and matrix products in a short floating type, all else as it comes (LibTorch's autocast).

#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

namespace photo51::nn {

/// While one lives, layers that run on this thread and on that kind of device do so: weights stay float32 and
/// are rounded for each operator. `type` is bfloat16 or, on GPUs, half. Of several on one thread the last one
/// that lives counts.
class Autocast {
 public:
  Autocast(c10::DeviceType device, c10::ScalarType type);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool was_on_;
  c10::ScalarType type_before_;
};

}  // namespace photo51::nn
