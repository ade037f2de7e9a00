#pragma once
/// The types of values that kernels of networks take, and the type in which they add.

#include <c10/core/ScalarType.h>

#include "ops/cpu/bfloat16.hpp"

namespace photo51::ops {

inline bool is_kernel_type(at::ScalarType values) {
  return values == at::kFloat || values == at::kBFloat16 || values == at::kDouble;
}
/// Of sums and of what stands beside the values.
inline at::ScalarType sum_type(at::ScalarType values) {
  return values == at::kDouble ? at::kDouble : at::kFloat;
}

/// Calls `run(V{}, A{})`, the types of values and of sums in a kernel.
template <class Run>
void with_float_types(at::ScalarType values, Run run) {
  if (values == at::kDouble) return run(double{}, double{});
  if (values == at::kBFloat16) return run(cpu::Bf16{}, float{});
  run(float{}, float{});
}

}  // namespace photo51::ops
