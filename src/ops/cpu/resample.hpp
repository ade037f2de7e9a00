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
};

/// input = scale * output + offset.
AxisTaps make_taps(int64_t inputs, int64_t outputs, double scale, double offset,
                   const ResampleOptions& options);

struct Block {
  int64_t channels = 1;
  std::array<int64_t, 3> in{}, out{};  ///< sizes
};

template <class T>
void resample_separable(const T* input, float* output, const Block& block,
                        const std::array<AxisTaps, 3>& taps, const ResampleOptions& options);

template <class T>
void resample_affine(const T* input, float* output, const Block& block, const AffineMap& map,
                     const ResampleOptions& options);

/// How far outside the voxel centres the edge still reaches, for an axis along which one output step moves by
/// `step` input voxels.
double edge_reach(double step);

}  // namespace photo51::ops::cpu

/// Every voxel type that a volume may have.
#define PHOTO51_FOR_VOXEL_TYPES(F) \
  F(uint8_t) F(int8_t) F(int16_t) F(uint16_t) F(int32_t) F(int64_t) F(float) F(double)
