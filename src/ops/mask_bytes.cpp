#include "ops/mask_bytes.hpp"

#include <ATen/ATen.h>

#include <string>

#include "photo51/core/error.hpp"

namespace photo51::ops {

MaskBytes::MaskBytes(const char* who, const at::Tensor& mask) {
  const bool sound = mask.defined() && mask.is_cpu() && (mask.dim() == 2 || mask.dim() == 3) &&
                     (mask.scalar_type() == at::kBool || mask.scalar_type() == at::kByte);
  if (!sound) core::fail_usage(std::string(who) + ": takes bool or uint8 [H, W] or [D, H, W] on the host");
  kept = mask.contiguous();
  for (int64_t axis = 0; axis < mask.dim(); ++axis)
    size[static_cast<size_t>(3 - mask.dim() + axis)] = mask.size(axis);
}

}  // namespace photo51::ops
