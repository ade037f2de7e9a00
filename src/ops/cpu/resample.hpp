#pragma once
/// Kernels behind ops::resample, over raw memory. Arrays of three are x, y, z.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/ops/resample.hpp"

namespace photo51::ops::cpu {

/// How each output position along one axis reads the input: `count` voxels from `first` on, weighted. Outputs
/// outside [begin, end) are padding.
struct AxisTaps {
  std::vector<int32_t> first, count;
  std::vector<float> weights;  ///< `most` an output
  int32_t most = 1;
  int64_t begin = 0, end = 0;
  bool spline = false;  ///< weighs coefficients (see `spline_coefficients`), not voxels
};

/// input = scale * output + offset. Cubic taps count coefficients with `edge_padding`; where every position
/// is a voxel's they read that voxel.
AxisTaps make_taps(int64_t inputs, int64_t outputs, double scale, double offset,
                   const ResampleOptions& options);

struct Block {
  int64_t channels = 1;
  std::array<int64_t, 3> in{}, out{};  ///< sizes
};

template <class T>
void resample_separable(const T* input, float* output, const Block& block,
                        const std::array<AxisTaps, 3>& taps, const ResampleOptions& options);

/// Any map. `padded` tells by how much `block.in` exceeds the image on the lower and upper side of each axis
/// (cubic: the input is coefficients; an axis without padding has one voxel).
struct Padded {
  std::array<int64_t, 3> low{}, high{};
};
template <class T>
void resample_warp(const T* input, float* output, const Block& block, const AffineMap& map,
                   const ResampleOptions& options, const Padded& padded = {});

/// What four coefficients around any place in the image need; `surround` reaches until the spline has faded.
inline constexpr int64_t edge_padding_low = 1, edge_padding_high = 2, surround_padding = 13;

/// B-spline coefficients of one channel along the axes that `padded` pads: float32, block.in + padding.
/// Beyond the image it is the edge repeated or, for Padding::surround, padding_value.
template <class T>
std::vector<float> spline_coefficients(const T* input, const std::array<int64_t, 3>& size,
                                       const Padded& padded, const ResampleOptions& options);

/// The four cubic B-spline weights at `fraction` between the second and the third.
inline std::array<double, 4> spline_weights(double fraction) {
  const double rest = 1 - fraction, f2 = fraction * fraction, r2 = rest * rest;
  return {r2 * rest / 6, (4 - 6 * f2 + 3 * f2 * fraction) / 6, (4 - 6 * r2 + 3 * r2 * rest) / 6,
          f2 * fraction / 6};
}

/// How far outside the voxel centres the edge still reaches, for an axis along which one output step moves by
/// `step` input voxels.
double edge_reach(double step);

}  // namespace photo51::ops::cpu

/// Every voxel type that a volume may have.
#define PHOTO51_FOR_VOXEL_TYPES(F) \
  F(uint8_t) F(int8_t) F(int16_t) F(uint16_t) F(int32_t) F(int64_t) F(float) F(double)
