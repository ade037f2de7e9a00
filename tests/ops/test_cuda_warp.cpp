// The arithmetic of the GPU kernels, run here voxel by voxel.
#include "ops/cuda/warp.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "ops/cuda/resample.hpp"
#include "photo51/ops/resample.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

/// What cuda::resample does, with loops in the place of kernels.
template <class T>
at::Tensor emulated(const at::Tensor& input, const AffineMap& map, const std::array<int64_t, 3>& size,
                    const ResampleOptions& options) {
  auto output = at::empty({input.size(0), size[2], size[1], size[0]});
  auto warp = cuda::make_warp(input.sizes(), output.sizes(), map, options);
  if (options.displacement != nullptr) warp.control = options.displacement->values.data();
  const auto run = [&](const auto* voxels) {
    for (int64_t z = 0; z < size[2]; ++z)
      for (int64_t y = 0; y < size[1]; ++y)
        for (int64_t x = 0; x < size[0]; ++x)
          cuda::warp_voxel(warp, voxels, output.mutable_data_ptr<float>(), x, y, z);
  };
  if (warp.taps != 4) {
    run(input.const_data_ptr<T>());
    return output;
  }
  const auto source = cuda::with_padding(input, warp);
  const int64_t plane = warp.in[0] * warp.in[1], count = plane * warp.in[2];
  for (int axis = 0; axis < 3; ++axis) {
    if (warp.padded_low[axis] == 0) continue;
    const int64_t step = axis == 0 ? 1 : axis == 1 ? warp.in[0] : plane;
    for (int64_t line = 0; line < warp.channels * count / warp.in[axis]; ++line)
      cuda::filter_line(source.mutable_data_ptr<float>() + line / step * step * warp.in[axis] + line % step,
                        warp.in[axis], step);
  }
  run(source.const_data_ptr<float>());
  return output;
}

TEST(CudaWarp, ComputesWhatTheCpuComputes) {
  at::manual_seed(3);
  const auto input = at::randn({2, 9, 8, 11});
  const AffineMap turned{{0.9, 0.2, 0.1, -0.3, 1.1, 0.2, 0.05, 0.1, 0.6}, {-1.4871, 2.5137, -0.5213}};
  DisplacementGrid grid;
  grid.points = {5, 4, 1};
  grid.values.resize(60);
  for (size_t i = 0; i < 60; ++i) grid.values[i] = std::sin(static_cast<float>(3 * i));
  for (const auto interpolation : {Interpolation::nearest, Interpolation::linear, Interpolation::cubic})
    for (const auto padding : {Padding::value, Padding::border, Padding::surround})
      for (const auto* displacement : {static_cast<const DisplacementGrid*>(nullptr), &std::as_const(grid)}) {
        ResampleOptions options;
        options.interpolation = interpolation;
        options.padding = padding;
        options.padding_value = -2;
        options.displacement = displacement;
        const auto expected = resample(input, turned, {13, 9, 14}, options);
        const auto found = emulated<float>(input, turned, {13, 9, 14}, options);
        EXPECT_LT((found - expected).abs().max().item<double>(), 1e-4)
            << int(interpolation) << int(padding) << (displacement != nullptr);
      }
  const auto slice = at::randint(0, 200, {1, 1, 8, 11}, at::kShort);  // an axis of one voxel, and integers
  const AffineMap flat{{0.8, 0.3, 0, -0.3, 0.8, 0, 0, 0, 1}, {1.2, 3.1, 0}};
  for (const auto interpolation : {Interpolation::linear, Interpolation::cubic}) {
    ResampleOptions options;
    options.interpolation = interpolation;
    EXPECT_LT((emulated<int16_t>(slice, flat, {9, 9, 1}, options) - resample(slice, flat, {9, 9, 1}, options))
                  .abs()
                  .max()
                  .item<double>(),
              1e-2);
  }
}

TEST(CudaWarp, RefusesTheTypesThatTheCpuRefuses) {
  auto output = at::zeros({1, 2, 2, 2});
  for (const auto interpolation : {Interpolation::linear, Interpolation::cubic}) {
    ResampleOptions options;
    options.interpolation = interpolation;
    PHOTO51_EXPECT_ERROR(
        cuda::resample(output, at::zeros({1, 2, 2, 2}, at::kBool), {}, options), usage,
        HasSubstr("resample: voxels of type Bool; it takes integers of 8 to 64 bits, float32 and float64"));
  }
}

TEST(CudaWarp, RefusesToAverage) {
  const auto input = at::zeros({1, 2, 2, 2});
  auto output = at::zeros({1, 2, 2, 2});
  ResampleOptions options;
  options.antialias = true;
  PHOTO51_EXPECT_ERROR(cuda::resample(output, input, {}, options), usage, HasSubstr("CPU only"));
}

}  // namespace
}  // namespace photo51::ops
