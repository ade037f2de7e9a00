#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluation/segmentation/masks.hpp"
#include "evaluation/undefined.hpp"
#include "photo51/evaluation/segmentation.hpp"
#include "photo51/ops/distance.hpp"
#include "radiomics/shape/mesh.hpp"

namespace photo51::evaluation {
namespace {

/// The elements of a mask's surface on a grid of places.
struct Elements {
  at::Tensor map;  ///< uint8, 1 where there is one
  std::vector<int64_t> place;
  std::vector<double> weight;
};

/// Lengths in the 16 squares of four pixels; corner c (at y, x: 00, 01, 11, 10) is inside where bit c is set.
std::array<double, 16> square_lengths(double y, double x) {
  const double cut = std::sqrt(y * y + x * x) / 2;
  std::array<double, 16> lengths{};
  for (const int code : {1, 2, 4, 8}) lengths[code] = lengths[15 - code] = cut;
  lengths[3] = lengths[12] = x;  // the upper two or the lower two
  lengths[9] = lengths[6] = y;   // the left two or the right two
  lengths[5] = lengths[10] = 2 * cut;
  return lengths;
}

/// `mask` [D + 2, H + 2, W + 2] or [H + 2, W + 2], 0 at its border; places are where voxels meet.
Elements cube_elements(const at::Tensor& mask, std::span<const double> spacing) {
  const bool plane = mask.dim() == 2;
  const int64_t rows = mask.size(-2), columns = mask.size(-1), slice = rows * columns;
  const int64_t layers = plane ? 1 : mask.size(0) - 1;
  std::array<double, 256> areas{};
  if (plane)
    std::ranges::copy(square_lengths(spacing[0], spacing[1]), areas.begin());
  else
    areas = radiomics::cube_areas({spacing[0], spacing[1], spacing[2]}, radiomics::Cubes::fewer);
  const int whole = plane ? 15 : 255;
  Elements found;
  found.map = at::zeros(
      plane ? at::DimVector{rows - 1, columns - 1} : at::DimVector{layers, rows - 1, columns - 1}, at::kByte);
  auto* map = found.map.mutable_data_ptr<uint8_t>();
  const auto* voxels = static_cast<const uint8_t*>(mask.const_data_ptr());
  int64_t place = 0;
  for (int64_t z = 0; z < layers; ++z)
    for (int64_t y = 0; y + 1 < rows; ++y) {
      const uint8_t* upper = voxels + z * slice + y * columns;
      const uint8_t* lower = upper + columns;
      const uint8_t* upper_next = plane ? upper : upper + slice;
      const uint8_t* lower_next = upper_next + columns;
      int left = 0;  // bits of the corners 0, 3, 4, 7: what lies beyond the grid is outside
      for (int64_t x = 1; x < columns; ++x, ++place) {
        const int a = upper[x], b = lower[x], c = plane ? 0 : upper_next[x], d = plane ? 0 : lower_next[x];
        const int code = left | a << 1 | b << 2 | c << 5 | d << 6;
        left = a | b << 3 | c << 4 | d << 7;
        if (code == 0 || code == whole) continue;
        map[place] = 1;
        found.place.push_back(place);
        found.weight.push_back(areas[static_cast<size_t>(code)]);
      }
    }
  return found;
}

/// `mask` as above; places are its voxels.
Elements voxel_elements(const at::Tensor& mask) {
  at::Tensor inner = mask.clone();
  for (int64_t axis = 0; axis < mask.dim(); ++axis) {
    const int64_t length = mask.size(axis) - 1;  // at the border the mask is 0 itself
    inner.narrow(axis, 1, length).logical_and_(mask.narrow(axis, 0, length));
    inner.narrow(axis, 0, length).logical_and_(mask.narrow(axis, 1, length));
  }
  Elements found;
  found.map = mask.logical_and(inner.logical_not()).view(at::kByte);
  const auto* map = found.map.const_data_ptr<uint8_t>();
  for (int64_t place = 0; place < found.map.numel(); ++place)
    if (map[place] != 0) found.place.push_back(place);
  found.weight.assign(found.place.size(), 1);
  return found;
}

SurfaceDistances::Side side_of(const Elements& from, const Elements& to, std::span<const double> spacing) {
  SurfaceDistances::Side side;
  if (from.place.empty()) return side;
  const at::Tensor squared = ops::squared_distance(to.map, spacing);
  const auto* at_place = squared.const_data_ptr<double>();
  std::vector<std::pair<double, double>> elements;
  elements.reserve(from.place.size());
  for (size_t i = 0; i < from.place.size(); ++i)
    elements.emplace_back(at_place[from.place[i]], from.weight[i]);
  std::ranges::sort(elements);
  for (const auto& [distance, weight] : elements) {
    side.distance.push_back(std::sqrt(distance));
    side.weight.push_back(weight);
  }
  return side;
}

/// The first distance up to which `fraction` of the weight lies.
double weighted_percentile(const SurfaceDistances::Side& side, double fraction) {
  const double all = std::accumulate(side.weight.begin(), side.weight.end(), 0.0);
  double sum = 0;
  for (size_t i = 0; i < side.weight.size(); ++i) {
    sum += side.weight[i];
    if (sum / all >= fraction) return side.distance[i];
  }
  return side.distance.back();
}

double interpolated_percentile(const std::vector<double>& sorted, double fraction) {
  const double place = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double part = place - static_cast<double>(below);
  if (part == 0 || std::isinf(sorted[below])) return sorted[below];
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

SurfaceDistances surface_distances(const at::Tensor& predicted, const at::Tensor& truth,
                                   std::span<const double> spacing, Surface surface) {
  SurfaceDistances distances{.predicted = {}, .truth = {}, .surface = surface};
  const MaskPair masks = cropped(MaskPair(predicted, truth, spacing));
  if (!masks.predicted.defined()) return distances;
  const auto elements = [&](const at::Tensor& mask) {
    const std::vector<int64_t> around(static_cast<size_t>(2 * mask.dim()), 1);
    const at::Tensor padded = at::constant_pad_nd(mask, around, 0).contiguous();
    return surface == Surface::cubes ? cube_elements(padded, spacing) : voxel_elements(padded);
  };
  const Elements of_predicted = elements(masks.predicted), of_truth = elements(masks.truth);
  distances.predicted = side_of(of_predicted, of_truth, spacing);
  distances.truth = side_of(of_truth, of_predicted, spacing);
  return distances;
}

double hausdorff(const SurfaceDistances& distances, double percentile) {
  double most = undefined;
  for (const auto* side : {&distances.predicted, &distances.truth}) {
    if (side->distance.empty()) continue;
    const double of_side = distances.surface == Surface::cubes
                               ? weighted_percentile(*side, percentile / 100)
                               : interpolated_percentile(side->distance, percentile / 100);
    most = std::fmax(most, of_side);
  }
  return most;
}

double average_surface_distance(const SurfaceDistances& distances) {
  double sum = 0, weight = 0;
  for (const auto* side : {&distances.predicted, &distances.truth}) {
    sum += std::inner_product(side->distance.begin(), side->distance.end(), side->weight.begin(), 0.0);
    weight += sum_of(side->weight);
  }
  return weight == 0 ? undefined : sum / weight;
}

double surface_dice(const SurfaceDistances& distances, double tolerance) {
  double near = 0, weight = 0;
  for (const auto* side : {&distances.predicted, &distances.truth}) {
    // In the order of the other sum, so that surfaces that are near everywhere have exactly 1.
    double of_side = 0;
    for (size_t i = 0; i < side->distance.size() && side->distance[i] <= tolerance; ++i)
      of_side += side->weight[i];
    near += of_side;
    weight += sum_of(side->weight);
  }
  return weight == 0 ? undefined : near / weight;
}

}  // namespace photo51::evaluation
