#include "radiomics/region/voxels.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "photo51/ops/components.hpp"
#include "photo51/ops/distance.hpp"

namespace photo51::radiomics {
namespace {

/// Calls `line(start, stride, length)` for every line of voxels along `axis`.
template <class Line>
void for_each_line(const Grid& grid, int axis, Line&& line) {
  const std::array<int64_t, 3> strides{grid.slice(), grid.size[2], 1};
  const int first = axis == 0 ? 1 : 0;
  const int second = axis == 2 ? 1 : 2;
  for (int64_t a = 0; a < grid.size[first]; ++a) {
    for (int64_t b = 0; b < grid.size[second]; ++b) {
      line(a * strides[first] + b * strides[second], strides[axis], grid.size[axis]);
    }
  }
}

at::Tensor tensor_of(uint8_t* bytes, at::IntArrayRef shape) {
  return at::from_blob(bytes, shape, at::TensorOptions(at::kByte));
}
at::Tensor tensor_of(const Mask& mask, const Grid& grid) {
  return tensor_of(const_cast<uint8_t*>(mask.data()), grid.size);  // NOLINT: only read
}

}  // namespace

std::vector<double> distance_to_outside(const Mask& mask, const Grid& grid, bool border_is_outside) {
  at::Tensor outside = tensor_of(mask, grid).eq(0);
  if (border_is_outside) outside = at::constant_pad_nd(outside, {1, 1, 1, 1, 1, 1}, 1);
  at::Tensor distance = ops::squared_distance(outside, grid.spacing).sqrt_();
  if (border_is_outside)
    for (int64_t axis = 0; axis < 3; ++axis) distance = distance.narrow(axis, 1, grid.size[axis]);
  distance = distance.contiguous();
  const auto* first = distance.const_data_ptr<double>();
  return {first, first + distance.numel()};
}

Mask largest_component(const Mask& mask, const Grid& grid) {
  const ops::ConnectedComponents found =
      ops::connected_components(tensor_of(mask, grid), ops::Neighbours::faces);
  const auto* label = found.labels.const_data_ptr<int32_t>();
  const int64_t largest = 1 + found.largest();
  Mask result(mask.size(), 0);
  for (size_t i = 0; i < mask.size(); ++i) result[i] = largest > 0 && label[i] == largest;
  return result;
}

void fill_slice_holes(Mask& mask, const Grid& grid) {
  for (int64_t z = 0; z < grid.size[0]; ++z) {
    at::Tensor slice = tensor_of(mask.data() + z * grid.slice(), {grid.size[1], grid.size[2]});
    ops::fill_holes(slice);
  }
}

void smooth(std::vector<double>& values, const Grid& grid, double sigma) {
  for (int axis = 0; axis < 3; ++axis) {
    const double step = sigma / grid.spacing[axis];
    const auto radius = static_cast<int64_t>(4 * step + 0.5);
    std::vector<double> kernel(2 * radius + 1);
    double sum = 0;
    for (int64_t i = -radius; i <= radius; ++i) {
      const double distance = static_cast<double>(i) / step;
      sum += kernel[i + radius] = std::exp(-0.5 * distance * distance);
    }
    std::vector<double> line(grid.size[axis]);
    for_each_line(grid, axis, [&](int64_t start, int64_t stride, int64_t length) {
      for (int64_t i = 0; i < length; ++i) line[i] = values[start + i * stride];
      for (int64_t i = 0; i < length; ++i) {
        const int64_t first = std::max<int64_t>(0, i - radius), last = std::min(length - 1, i + radius);
        double total = 0;
        for (int64_t j = first; j <= last; ++j) total += line[j] * kernel[j - i + radius];
        values[start + i * stride] = total / sum;
      }
    });
  }
}

double difference(const std::vector<double>& values, const Grid& grid, const std::array<int64_t, 3>& voxel,
                  int axis) {
  const int64_t length = grid.size[axis];
  if (length < 2) return 0;
  const std::array<int64_t, 3> strides{grid.slice(), grid.size[2], 1};
  const int64_t back = voxel[axis] > 0 ? 1 : 0;
  const int64_t ahead = voxel[axis] + 1 < length ? 1 : 0;
  const int64_t centre = grid.at(voxel[0], voxel[1], voxel[2]);
  const double change = values[centre + ahead * strides[axis]] - values[centre - back * strides[axis]];
  return change / (static_cast<double>(back + ahead) * grid.spacing[axis]);
}

}  // namespace photo51::radiomics
