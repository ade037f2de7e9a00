#pragma once
/// What kernels for GPUs are handed of tensors.

#include <ATen/core/Tensor.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "ops/cuda/values.hpp"

namespace photo51::ops::cuda {

/// Of tensors that ops::is_kernel_type holds of.
inline DeviceValues device_values(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kDouble     ? DeviceValues::f64
         : tensor.scalar_type() == at::kBFloat16 ? DeviceValues::bf16
                                                 : DeviceValues::f32;
}

/// The current stream of a tensor's GPU.
inline void* stream_of(const at::Tensor& tensor) {
  return c10::impl::VirtualGuardImpl(at::kCUDA).getStream(tensor.device()).native_handle();
}

/// Null where the tensor is undefined.
inline const void* values_of(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.const_data_ptr() : nullptr;
}
inline void* values_to_fill(const at::Tensor& tensor) {
  return tensor.defined() ? tensor.mutable_data_ptr() : nullptr;
}

}  // namespace photo51::ops::cuda
