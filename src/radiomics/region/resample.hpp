#pragma once
/// Interpolation along the axes of a grid, which stay where they are, so that one axis follows the other.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/radiomics/settings.hpp"

namespace photo51::radiomics {

/// One axis: `size` samples of the new grid, number i at the index `first + i * step` of the old one, which
/// has `from` samples. An image's old and new grid share their centre (IBSI 2.4); a mask may have a grid of
/// its own.
struct Axis {
  int64_t from = 0;
  int64_t size = 0;
  double first = 0, step = 1;

  bool same() const { return size == from && step == 1 && first == 0; }
  double at(int64_t i) const { return first + static_cast<double>(i) * step; }
};
/// `wanted` mm instead of `spacing`; 0 keeps the axis, and so does an axis of one voxel.
Axis resampled_axis(int64_t size, double spacing, double wanted);

/// How many old voxels beyond an interpolated place its value depends on, to 1e-12 of the intensities.
int64_t context(Interpolation interpolation);

/// Part of an axis: new samples first … first + size - 1 out of old samples from … from + count - 1.
struct Span {
  Axis axis;
  int64_t first = 0, size = 0;  ///< of the new samples
  int64_t from = 0, count = 0;  ///< of the old ones
};
/// The new samples first … last with as many old samples as they need.
Span span_of(const Axis& axis, int64_t first, int64_t last, Interpolation interpolation);

/// Values at the new samples; `values` and the result are z, y, x. Beyond the outermost voxels values stay as
/// they are there.
std::vector<double> interpolate(std::vector<double> values, const std::array<Span, 3>& spans,
                                Interpolation interpolation);

}  // namespace photo51::radiomics
