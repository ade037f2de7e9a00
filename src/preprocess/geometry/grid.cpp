#include "preprocess/geometry/grid.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"
#include "preprocess/geometry/affine.hpp"

namespace photo51::preprocess {
namespace {

constexpr double slack = 1e-4;  // of a voxel: positions this near to a whole number are that number

/// The part of `grid` that starts at the (fractional) voxel `start`.
imaging::Geometry starting_at(const imaging::Geometry& grid, const std::array<double, 3>& start) {
  imaging::Geometry part = grid;
  part.origin = transform(world_of(grid), start);
  return part;
}

}  // namespace

imaging::Geometry full_grid(const imaging::Geometry& frame, const PreprocessOptions& options) {
  imaging::Geometry grid = options.orientation == "none" ? frame : reorient(frame, options.orientation);
  for (size_t i = 0; i < 3 && !options.spacing.empty(); ++i) {
    const double steps = static_cast<double>(grid.size[i] - 1) * grid.spacing[i] / options.spacing[i];
    grid.size[i] = static_cast<int64_t>(std::nearbyint(std::min(steps, 1e9) + 1));
    grid.spacing[i] = options.spacing[i];
  }
  return grid;
}

Box box_on(const imaging::Geometry& grid, const ops::AffineMap& of_to_world, const Box& box) {
  const AffineMap map = compose(inverse(world_of(grid)), of_to_world);
  std::array<double, 3> low{HUGE_VAL, HUGE_VAL, HUGE_VAL};
  std::array<double, 3> high{-HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
  for (int corner = 0; corner < 8; ++corner) {
    std::array<double, 3> at{};
    for (size_t i = 0; i < 3; ++i)
      at[i] = static_cast<double>((corner >> i & 1) != 0 ? box.high[i] : box.low[i]);
    const auto there = transform(map, at);
    for (size_t i = 0; i < 3; ++i) {
      low[i] = std::min(low[i], there[i]);
      high[i] = std::max(high[i], there[i]);
    }
  }
  Box result;
  for (size_t i = 0; i < 3; ++i) {
    result.low[i] = static_cast<int64_t>(std::floor(low[i] + slack));
    result.high[i] = static_cast<int64_t>(std::ceil(high[i] - slack));
  }
  return result;
}

std::optional<Box> grown(const imaging::Geometry& grid, const Box& box, double margin) {
  Box result = box;
  for (size_t i = 0; i < 3; ++i) {
    const auto voxels = static_cast<int64_t>(std::ceil(margin / grid.spacing[i] - slack));
    result.low[i] = std::max<int64_t>(0, box.low[i] - voxels);
    result.high[i] = std::min<int64_t>(grid.size[i] - 1, box.high[i] + voxels);
    if (result.low[i] > result.high[i]) return std::nullopt;
  }
  return result;
}

imaging::Geometry output_grid(const imaging::Geometry& grid, const Box& box,
                              const PreprocessOptions& options) {
  imaging::Geometry result = grid;
  std::array<double, 3> start{};
  for (size_t i = 0; i < 3; ++i) {
    const int64_t extent = box.high[i] - box.low[i] + 1;
    start[i] = static_cast<double>(box.low[i]);
    result.size[i] = extent;
    if (options.size.empty()) continue;
    result.size[i] = options.size[i];
    if (options.fit == SizeFit::resize) {
      const double scale = static_cast<double>(extent) / static_cast<double>(options.size[i]);
      start[i] += 0.5 * scale - 0.5;
      result.spacing[i] = grid.spacing[i] * scale;
    } else {
      const int64_t cut = (extent - options.size[i]) / 2;
      start[i] += static_cast<double>(cut);
    }
  }
  result.origin = starting_at(grid, start).origin;
  double voxels = 1;
  std::vector<std::string> sizes;
  for (const int64_t n : result.size) {
    voxels *= static_cast<double>(n);
    sizes.push_back(std::to_string(n));
  }
  if (voxels > 2147483648.0)
    core::fail_usage("preprocess: the prepared image would have " + core::join(sizes, " x ") +
                     " voxels; set a larger spacing, a crop or a size");
  return result;
}

}  // namespace photo51::preprocess
