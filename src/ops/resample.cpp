#include "photo51/ops/resample.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "ops/cpu/resample.hpp"
#include "ops/cuda/resample.hpp"
#include "ops/voxel_types.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

/// For each output axis the input axis that it runs along.
using Permutation = std::array<size_t, 3>;

Permutation best_permutation(const AffineMap& map, const std::array<int64_t, 3>& size) {
  Permutation candidate{0, 1, 2};
  Permutation best = candidate;
  double most = -1;
  do {
    double total = 0;
    for (size_t j = 0; j < 3; ++j)
      total += std::abs(map.matrix[3 * candidate[j] + j]) * static_cast<double>(size[j] - 1);
    if (total > most * (1 + 1e-12) + 1e-12) {
      most = total;
      best = candidate;
    }
  } while (std::next_permutation(candidate.begin(), candidate.end()));
  return best;
}

bool follows(const AffineMap& map, const Permutation& permutation, const std::array<int64_t, 3>& size) {
  for (size_t j = 0; j < 3; ++j)
    for (size_t a = 0; a < 3; ++a)
      if (a != permutation[j] && !(std::abs(map.matrix[3 * a + j]) * static_cast<double>(size[j] - 1) < 1e-3))
        return false;
  return true;
}

/// Cubic works on coefficients, a channel at a time: `sample` gets them with their block.
template <class T, class Sample>
void with_coefficients(const T* voxels, const cpu::Block& block, const cpu::Padded& padded,
                       const ResampleOptions& options, Sample sample) {
  cpu::Block one = block;
  one.channels = 1;
  for (size_t a = 0; a < 3; ++a) one.in[a] += padded.low[a] + padded.high[a];
  const int64_t volume = block.in[0] * block.in[1] * block.in[2];
  const int64_t out_volume = block.out[0] * block.out[1] * block.out[2];
  for (int64_t c = 0; c < block.channels; ++c) {
    const auto coefficients = cpu::spline_coefficients(voxels + c * volume, block.in, padded, options);
    sample(coefficients.data(), c * out_volume, one);
  }
}

template <class T>
void run_warp(float* output, const T* voxels, const cpu::Block& block, const AffineMap& map,
              const ResampleOptions& options) {
  if (options.antialias && options.interpolation != Interpolation::nearest)
    core::fail_usage(
        "resample: antialias needs a map without rotation, shear or displacement; first resample along axes");
  if (options.interpolation != Interpolation::cubic)
    return cpu::resample_warp(voxels, output, block, map, options);
  const bool surround = options.padding == Padding::surround;
  cpu::Padded padded;
  for (size_t a = 0; a < 3; ++a) {
    if (block.in[a] == 1 && !surround) continue;
    padded.low[a] = surround ? cpu::surround_padding : cpu::edge_padding_low;
    padded.high[a] = surround ? cpu::surround_padding : cpu::edge_padding_high;
  }
  with_coefficients(voxels, block, padded, options,
                    [&](const float* coefficients, int64_t to, const cpu::Block& one) {
                      cpu::resample_warp(coefficients, output + to, one, map, options, padded);
                    });
}

template <class T>
void run_separable(float* output, const T* voxels, const cpu::Block& block,
                   const std::array<cpu::AxisTaps, 3>& taps, const ResampleOptions& options) {
  cpu::Padded padded;
  bool any = false;
  for (size_t a = 0; a < 3; ++a) {
    if (!taps[a].spline) continue;
    padded.low[a] = cpu::edge_padding_low;
    padded.high[a] = cpu::edge_padding_high;
    any = true;
  }
  if (!any) return cpu::resample_separable(voxels, output, block, taps, options);
  with_coefficients(voxels, block, padded, options,
                    [&](const float* coefficients, int64_t to, const cpu::Block& one) {
                      cpu::resample_separable(coefficients, output + to, one, taps, options);
                    });
}

template <class T>
void run(at::Tensor& output, const at::Tensor& input, const AffineMap& map, const ResampleOptions& options) {
  const std::array<int64_t, 3> size{output.size(3), output.size(2), output.size(1)};
  cpu::Block block;
  block.channels = input.size(0);
  block.in = {input.size(3), input.size(2), input.size(1)};
  const T* voxels = input.const_data_ptr<T>();
  const Permutation permutation = best_permutation(map, size);
  if (options.displacement != nullptr || !follows(map, permutation, size) ||
      options.padding == Padding::surround) {
    block.out = size;
    return run_warp(output.mutable_data_ptr<float>(), voxels, block, map, options);
  }
  // In the order of the input's axes, so that rows are read along memory; the result is small to reorder.
  std::array<cpu::AxisTaps, 3> taps;
  for (size_t j = 0; j < 3; ++j) {
    const size_t a = permutation[j];
    block.out[a] = size[j];
    taps[a] = cpu::make_taps(block.in[a], size[j], map.matrix[3 * a + j], map.offset[a], options);
  }
  if (permutation == Permutation{0, 1, 2})
    return run_separable(output.mutable_data_ptr<float>(), voxels, block, taps, options);
  const auto ordered = at::empty({block.channels, block.out[2], block.out[1], block.out[0]}, at::kFloat);
  run_separable(ordered.mutable_data_ptr<float>(), voxels, block, taps, options);
  std::array<int64_t, 4> dimensions{};
  for (size_t j = 0; j < 3; ++j) dimensions[3 - j] = static_cast<int64_t>(3 - permutation[j]);
  output.copy_(ordered.permute(dimensions));
}

void dispatch(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
              const ResampleOptions& options) {
  if (input.is_cuda()) return cuda::resample(output, input, map, options);
  with_voxel_type(input.scalar_type(), "resample",
                  [&](auto voxel) { run<decltype(voxel)>(output, input, map, options); });
}

void require_volume(const at::Tensor& input) {
  if (!input.defined() || (input.dim() != 3 && input.dim() != 4))
    core::fail_usage(
        "resample: takes [C, D, H, W] or [D, H, W], not " +
        (input.defined() ? std::to_string(input.dim()) + " dimensions" : std::string("nothing")));
  if (input.numel() == 0) core::fail_usage("resample: the input has no voxels");
}

void require_map(const AffineMap& map, const ResampleOptions& options) {
  bool finite = true;
  for (const double m : map.matrix) finite = finite && std::isfinite(m);
  for (const double m : map.offset) finite = finite && std::isfinite(m);
  if (!finite) core::fail_usage("resample: the map from output to input has a number that is not finite");
  if (options.antialias && options.padding == Padding::surround)
    core::fail_usage("resample: antialias goes with padding value or border, not surround");
  if (options.displacement == nullptr) return;
  const auto& grid = *options.displacement;
  int64_t values = 3;
  for (const int64_t n : grid.points) {
    if (n != 1 && n < 4)
      core::fail_usage("resample: a displacement takes 1 or at least 4 control points an axis, not " +
                       std::to_string(n));
    values *= n;
  }
  if (static_cast<int64_t>(grid.values.size()) != values)
    core::fail_usage("resample: a displacement of these points has " + std::to_string(values) +
                     " values, not " + std::to_string(grid.values.size()));
}

at::Tensor with_channels(const at::Tensor& input) {
  return input.dim() == 3 ? input.unsqueeze(0) : input;
}

}  // namespace

bool is_axis_aligned(const AffineMap& map, const std::array<int64_t, 3>& size) {
  return follows(map, best_permutation(map, size), size);
}

at::Tensor resample(const at::Tensor& input, const AffineMap& map, const std::array<int64_t, 3>& size,
                    const ResampleOptions& options) {
  require_volume(input);
  require_map(map, options);
  for (const int64_t n : size)
    if (n < 1) core::fail_usage("resample: the output size must be at least 1 along every axis");
  const auto source = with_channels(input).contiguous();
  auto output = at::empty({source.size(0), size[2], size[1], size[0]}, source.options().dtype(at::kFloat));
  dispatch(output, source, map, options);
  return input.dim() == 3 ? output.squeeze(0) : output;
}

void resample_into(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
                   const ResampleOptions& options) {
  require_volume(input);
  require_map(map, options);
  if (!output.defined() || output.dim() != input.dim() || output.scalar_type() != at::kFloat ||
      !output.is_contiguous() || output.numel() == 0 || output.device() != input.device() ||
      (input.dim() == 4 && output.size(0) != input.size(0)))
    core::fail_usage(
        "resample: the output must be float32, contiguous, on the input's device and with its number of "
        "channels");
  auto target = with_channels(output);
  dispatch(target, with_channels(input).contiguous(), map, options);
}

}  // namespace photo51::ops
