#pragma once
/// The types of values that kernels of networks take, and the type in which they add.

#include <ATen/core/Tensor.h>

#include "ops/cpu/bfloat16.hpp"
#include "ops/cuda/library.hpp"

namespace photo51::ops {

inline bool is_kernel_type(at::ScalarType values) {
  return values == at::kFloat || values == at::kBFloat16 || values == at::kDouble;
}
/// Of sums and of what stands beside the values.
inline at::ScalarType sum_type(at::ScalarType values) {
  return values == at::kDouble ? at::kDouble : at::kFloat;
}

/// Whether operators have kernels for values of this type on this device.
inline bool has_kernels(const at::Device& device, at::ScalarType values) {
  return is_kernel_type(values) && (device.is_cpu() || (device.is_cuda() && cuda::is_built()));
}

/// Calls `run(V{}, A{})`, the types of values and of sums in a kernel.
template <class Run>
void with_float_types(at::ScalarType values, Run run) {
  if (values == at::kDouble) return run(double{}, double{});
  if (values == at::kBFloat16) return run(cpu::Bf16{}, float{});
  run(float{}, float{});
}

/// Memory as kernels take it, null where the tensor is undefined.
template <class T>
const T* kernel_values(const at::Tensor& t) {
  return t.defined() ? static_cast<const T*>(t.const_data_ptr()) : nullptr;
}
template <class T>
T* kernel_values_to_fill(const at::Tensor& t) {
  return t.defined() ? static_cast<T*>(t.mutable_data_ptr()) : nullptr;
}

}  // namespace photo51::ops
