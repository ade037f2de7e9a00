#include "photo51/nn/layers/rotary.hpp"

#include <ATen/ATen.h>

#include <numbers>
#include <vector>

namespace photo51::nn {
namespace {

/// [places, dims] of one coordinate an axis.
at::Tensor grid_of(const std::vector<at::Tensor>& axes) {
  return at::stack(at::meshgrid(axes, "ij"), -1).flatten(0, -2);
}

at::Tensor rounded(const at::Tensor& periods, RotaryDtype dtype) {
  return dtype == RotaryDtype::bfloat16 ? periods.to(at::kBFloat16).to(at::kFloat) : periods;
}

/// [places, dims * bands].
at::Tensor axial_angles(const RotaryOptions& options, at::IntArrayRef grid, int64_t bands,
                        const at::TensorOptions& in) {
  const double temperature = options.temperature > 0 ? options.temperature : 10000;
  const at::Tensor exponents = at::arange(bands, in) / bands;
  const at::Tensor frequencies = rounded(1.0 / at::pow(at::Scalar(temperature), exponents), options.dtype);
  std::vector<at::Tensor> axes;
  for (const int64_t size : grid) {
    at::Tensor places = at::arange(size, in);
    if (options.reference > 0) places = places / size * options.reference;
    axes.push_back(places);
  }
  return (grid_of(axes).unsqueeze(-1) * frequencies).flatten(1);
}

at::Tensor dinov3_angles(const RotaryOptions& options, at::IntArrayRef grid, int64_t bands,
                         const at::TensorOptions& in, at::ScalarType type) {
  const double temperature = options.temperature > 0 ? options.temperature : 100;
  const at::Tensor periods =
      rounded(at::pow(at::Scalar(temperature), at::arange(bands, in) / bands), options.dtype).to(type);
  std::vector<at::Tensor> axes;
  for (const int64_t size : grid) axes.push_back((at::arange(size, in) + 0.5) / size);
  const at::Tensor places = (2.0 * grid_of(axes) - 1.0).to(type);
  return (2 * std::numbers::pi * places.unsqueeze(-1) / periods).flatten(1);
}

}  // namespace

Rotation make_rotation(const RotaryOptions& options, at::IntArrayRef grid, int64_t head_width, int64_t prefix,
                       const at::Tensor& tokens) {
  const at::NoGradGuard no_grad;
  const at::TensorOptions in = at::TensorOptions(tokens.device()).dtype(at::kFloat);
  const auto dims = static_cast<int64_t>(grid.size());
  const int64_t bands = head_width / (2 * dims);
  const bool halves = options.kind == RotaryKind::dinov3;
  at::Tensor angles =
      halves ? dinov3_angles(options, grid, bands, in, at::promote_types(at::kFloat, tokens.scalar_type()))
             : axial_angles(options, grid, bands, in);
  angles = at::constant_pad_nd(angles, {0, head_width / 2 - dims * bands});
  const auto twice = [halves](const at::Tensor& values) {
    return halves ? at::cat({values, values}, -1) : at::repeat_interleave(values, 2, -1);
  };
  return {twice(angles.sin()), twice(angles.cos()), halves, prefix};
}

at::Tensor Rotation::apply(const at::Tensor& x) const {
  const at::Tensor places = x.slice(2, prefix);
  at::Tensor turned;
  if (halves) {
    const auto parts = places.chunk(2, -1);
    turned = at::cat({-parts[1], parts[0]}, -1);
  } else {
    turned = at::stack({-places.slice(-1, 1, std::nullopt, 2), places.slice(-1, 0, std::nullopt, 2)}, -1)
                 .flatten(-2);
  }
  const at::Tensor y = (places * cosine + turned * sine).to(x.scalar_type());
  return prefix > 0 ? at::cat({x.slice(2, 0, prefix), y}, 2) : y;
}

}  // namespace photo51::nn
