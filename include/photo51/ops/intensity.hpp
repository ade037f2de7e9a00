#pragma once
/// All point-wise changes of a channel's intensities in one pass over its voxels.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace photo51::core {
class ThreadPool;
}

namespace photo51::ops {

/// Applied in this order; the defaults change nothing.
struct PointwiseChange {
  double contrast = 1;  ///< m + contrast * (v - m), m the channel's mean
  double gamma = 1;     ///< low + range * ((v - low) / range)^gamma over the channel's minimum and maximum
  double gain = 1, shift = 0;  ///< v * gain + shift
  /// v * exp(sum of c_ijk x^i y^j z^k) over i + j + k <= bias_order, i slowest and k fastest, where x, y and
  /// z run from -1 to 1 over the voxels' centres (0 along an axis of one voxel). Van Leemput et al., IEEE TMI
  /// 1999.
  std::vector<double> bias{};
  int64_t bias_order = 0;
  double noise = 0;     ///< standard deviation, 0: none
  bool rician = false;  ///< sqrt((v + n)^2 + m^2), n and m normal (Gudbjartsson 1995); else v + n
  uint64_t seed = 0;    ///< of the noise: the same numbers for a voxel on any number of threads
};

/// How many coefficients a bias field of this order has: (order + 1)(order + 2)(order + 3) / 6.
int64_t bias_coefficients(int64_t order);

/// Changes `channel` [D, H, W], float32 and contiguous, in place. Errors (usage): another type or shape, a
/// number of bias coefficients that does not fit the order.
void change_intensities(at::Tensor& channel, const PointwiseChange& change, core::ThreadPool* pool = nullptr);

}  // namespace photo51::ops
