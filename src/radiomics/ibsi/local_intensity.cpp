#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "radiomics/ibsi/families.hpp"

namespace photo51::radiomics {
namespace {

constexpr std::array<FeatureInfo, 2> kLocalIntensityFeatures{{
    {"loc_peak_loc", "local_intensity_peak", "VJGA", ""},
    {"loc_peak_glob", "global_intensity_peak", "0F91", ""},
}};

constexpr double kBall = 1000;  ///< mm³

double radius() {
  return std::cbrt(3 * kBall / (4 * std::numbers::pi));
}

/// A row of the ball's voxels: `reach` on either side of its middle.
struct BallRow {
  int64_t z, y, reach;
};

std::vector<BallRow> rows_of_ball(const Grid& grid) {
  std::vector<BallRow> rows;
  const double square = radius() * radius();
  const auto steps = [&](int axis, double rest) {
    return static_cast<int64_t>(std::sqrt(std::max(0.0, rest)) / grid.spacing[axis]);
  };
  const auto part = [&](int axis, int64_t i) {
    return std::pow(static_cast<double>(i) * grid.spacing[axis], 2);
  };
  const int64_t high = steps(0, square);
  for (int64_t z = -high; z <= high; ++z) {
    const double rest = square - part(0, z);
    const int64_t wide = steps(1, rest);
    for (int64_t y = -wide; y <= wide; ++y) rows.push_back({z, y, steps(2, rest - part(1, y))});
  }
  return rows;
}

/// Means over the ball around a voxel, of all voxels of the image that it covers, inside the region or not.
class BallMean {
 public:
  explicit BallMean(const Region& region) : grid_(region.grid), rows_(rows_of_ball(region.grid)) {
    // sums_[row][x] is the sum of the row's voxels before x.
    sums_.resize(grid_.size[0] * grid_.size[1] * (grid_.size[2] + 1));
    const double* value = region.intensity.data();
    double* sum = sums_.data();
    for (int64_t row = 0; row < grid_.size[0] * grid_.size[1]; ++row) {
      *sum = 0;
      for (int64_t x = 0; x < grid_.size[2]; ++x, ++sum) sum[1] = sum[0] + *value++;
      ++sum;
    }
  }
  double operator()(int64_t voxel) const {
    const auto [z, y, x] = grid_.place(voxel);
    double total = 0;
    int64_t count = 0;
    for (const BallRow& row : rows_) {
      const int64_t at_z = z + row.z, at_y = y + row.y;
      if (at_z < 0 || at_z >= grid_.size[0] || at_y < 0 || at_y >= grid_.size[1]) continue;
      const double* const sums = sums_.data() + (at_z * grid_.size[1] + at_y) * (grid_.size[2] + 1);
      const int64_t from = std::max<int64_t>(0, x - row.reach);
      const int64_t to = std::min(grid_.size[2], x + row.reach + 1);
      total += sums[to] - sums[from];
      count += to - from;
    }
    return total / static_cast<double>(count);
  }

 private:
  const Grid grid_;
  const std::vector<BallRow> rows_;
  std::vector<double> sums_;
};

Values compute_local_intensity(const Input& input, Aggregations) {
  const Region& region = input.region;
  const BallMean mean(region);
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  double highest = kLowest, local = kLowest, global = kLowest;
  for (const int64_t voxel : region.voxels) highest = std::max(highest, region.intensity[voxel]);
  for (const int64_t voxel : region.voxels) {
    const double value = mean(voxel);
    global = std::max(global, value);
    if (region.intensity[voxel] == highest) local = std::max(local, value);
  }
  return {{local, global}};
}

}  // namespace

const Family& local_intensity() {
  static const Family family{{FeatureFamily::local_intensity, "9ST6", kLocalIntensityFeatures},
                             Family::Kind::plain,
                             false,
                             radius(),
                             compute_local_intensity};
  return family;
}

}  // namespace photo51::radiomics
