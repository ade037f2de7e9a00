#include "photo51/radiogenomics/detection/anchors.hpp"

#include <torch/nn/module.h>

#include <cmath>

#include "photo51/core/error.hpp"

namespace photo51::radiogenomics {
namespace {

/// Aspect ratios, each of one number an axis, that of the first 1.
std::vector<std::vector<double>> ratios_of(const AnchorOptions& options, int64_t dims) {
  const auto others = static_cast<size_t>(dims - 1);
  if (options.aspect_ratios.size() % others != 0)
    core::fail_usage("anchors.aspect_ratios: " + std::to_string(options.aspect_ratios.size()) +
                     " numbers, of which images of " + std::to_string(dims) + " axes take " +
                     std::to_string(others) + " an anchor");
  if (options.aspect_ratios.empty()) return {std::vector<double>(others + 1, 1)};
  std::vector<std::vector<double>> ratios;
  for (size_t first = 0; first < options.aspect_ratios.size(); first += others) {
    std::vector<double>& ratio = ratios.emplace_back(1, 1.0);
    for (size_t k = 0; k < others; ++k) ratio.push_back(options.aspect_ratios[first + k]);
  }
  return ratios;
}

void check_grid(const std::vector<int64_t>& grid, at::IntArrayRef image_size) {
  bool fits = grid.size() == image_size.size();
  for (size_t axis = 0; fits && axis < grid.size(); ++axis)
    fits = grid[axis] >= 1 && grid[axis] <= image_size[axis];
  if (!fits)
    core::fail_usage(
        "anchors: a level has to have the axes of the image, along each at least one place and no "
        "more than voxels");
}

/// Along one axis, where the anchors of each place stand; float32.
at::Tensor centres_along(AnchorCentre kind, int64_t places, int64_t voxels, at::Device device) {
  const at::Tensor index = at::arange(places, at::TensorOptions().dtype(at::kFloat).device(device));
  const int64_t stride = voxels / places;
  switch (kind) {
    case AnchorCentre::middle:
      return (index + 0.5) * (static_cast<double>(voxels) / static_cast<double>(places));
    case AnchorCentre::middle_voxel:
      return index * stride + stride / 2;
    case AnchorCentre::corner:
      break;
  }
  return index * stride;
}

}  // namespace

int64_t Anchors::begin(size_t level) const {
  int64_t first = 0;
  for (size_t before = 0; before < level; ++before) first += count(before);
  return first;
}

int64_t anchors_per_place(const AnchorOptions& options, int64_t dims) {
  return static_cast<int64_t>(ratios_of(options, dims).size() * options.scales.size());
}

at::Tensor anchor_edges(const AnchorOptions& options, int64_t dims, size_t level) {
  std::vector<double> edges;
  for (const auto& ratio : ratios_of(options, dims)) {
    double product = 1;
    for (const double one : ratio) product *= one;
    const double shrink = std::pow(product, -1.0 / static_cast<double>(dims));
    for (const double scale : options.scales)
      for (const double one : ratio) {
        const double edge = options.sizes[level] * scale * one * shrink;
        edges.push_back(options.rounded ? 2 * std::nearbyint(static_cast<float>(edge / 2)) : edge);
      }
  }
  return at::tensor(edges, at::kDouble).to(at::kFloat).view({-1, dims});
}

Anchors make_anchors(const AnchorOptions& options, const std::vector<std::vector<int64_t>>& grids,
                     at::IntArrayRef image_size, at::Device device) {
  const auto dims = static_cast<int64_t>(image_size.size());
  if (grids.size() != options.sizes.size())
    core::fail_usage("anchors.sizes: " + std::to_string(options.sizes.size()) + " for " +
                     std::to_string(grids.size()) + " levels; give one a level");
  Anchors anchors{.boxes = {}, .places = {}, .per_place = anchors_per_place(options, dims)};
  std::vector<at::Tensor> levels;
  for (size_t level = 0; level < grids.size(); ++level) {
    check_grid(grids[level], image_size);
    std::vector<at::Tensor> axes;
    for (size_t axis = 0; axis < image_size.size(); ++axis)
      axes.push_back(centres_along(options.centre, grids[level][axis], image_size[axis], device));
    std::vector<at::Tensor> centres;
    for (const at::Tensor& along : at::meshgrid(axes, "ij")) centres.push_back(along.reshape({-1, 1}));
    const at::Tensor at = at::stack(centres, 2);  // [places, 1, dims]
    const at::Tensor half =
        anchor_edges(options, dims, level).to(device).unsqueeze(0) / 2;  // [1, shapes, dims]
    levels.push_back(at::cat({at - half, at + half}, 2).view({-1, 2 * dims}));
    anchors.places.push_back(at.size(0));
  }
  anchors.boxes = at::cat(levels);
  return anchors;
}

}  // namespace photo51::radiogenomics
