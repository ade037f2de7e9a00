#pragma once
/// A mask as bytes in one piece.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

namespace photo51::ops {

struct MaskBytes {
  /// `mask` bool or uint8 [H, W] or [D, H, W] on the host. Error (usage) for another, in the name of `who`.
  MaskBytes(const char* who, const at::Tensor& mask);

  const uint8_t* data() const { return static_cast<const uint8_t*>(kept.const_data_ptr()); }

  at::Tensor kept;
  std::array<int64_t, 3> size{1, 1, 1};  ///< z, y, x
};

}  // namespace photo51::ops
