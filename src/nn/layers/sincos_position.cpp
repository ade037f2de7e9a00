#include "photo51/nn/layers/sincos_position.hpp"

#include <ATen/ATen.h>

#include <string>
#include <utility>
#include <vector>

#include "photo51/core/error.hpp"

namespace photo51::nn {

at::Tensor sincos_position(at::IntArrayRef grid, int64_t width) {
  const auto dims = static_cast<int64_t>(grid.size());
  if (width % (2 * dims) != 0)
    core::fail_usage("positions of sines and cosines in " + std::to_string(dims) +
                     "D need a width that is a multiple of " + std::to_string(2 * dims) + ", not " +
                     std::to_string(width) + "; change `embed_dim`, or set `position: learned`");
  const int64_t bands = width / (2 * dims);
  const at::Tensor frequencies = 1.0 / at::pow(at::Scalar(10000.0), at::arange(bands, at::kFloat) / bands);
  std::vector<at::Tensor> axes;
  for (const int64_t size : grid) axes.push_back(at::arange(size, at::kFloat));
  std::vector<at::Tensor> places = at::meshgrid(axes, "ij");
  std::swap(places[0], places[1]);
  std::vector<at::Tensor> parts;
  for (const at::Tensor& axis : places) {
    const at::Tensor angles = axis.flatten().unsqueeze(1) * frequencies;
    parts.push_back(angles.sin());
    parts.push_back(angles.cos());
  }
  return at::cat(parts, 1).unsqueeze(0);
}

}  // namespace photo51::nn
