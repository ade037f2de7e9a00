#pragma once
/// Kernels behind ops::scan.

#include <cstdint>
#include <optional>

#include "photo51/ops/scan.hpp"

namespace photo51::ops::cpu {

/// Voxels above `threshold`, or, without one, voxels that are not 0.
template <class T>
std::optional<Box> find_box(const T* voxels, int64_t channels, const std::array<int64_t, 3>& size,
                            std::optional<double> threshold);

int64_t count_nonfinite(const float* voxels, int64_t count);
int64_t count_nonfinite(const double* voxels, int64_t count);

}  // namespace photo51::ops::cpu
