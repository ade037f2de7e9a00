#include <algorithm>
#include <cmath>
#include <limits>

#include "radiomics/lesion/groups.hpp"
#include "radiomics/region/moments.hpp"

namespace photo51::radiomics {
namespace {

constexpr double kDepthTie = 1e-6;  ///< mm; equal depths differ by rounding

/// Offsets of the voxels whose centres lie in a ball of 1 ml, the volume of a PET's peak (PERCIST, Wahl et
/// al. 2009).
std::vector<std::array<int64_t, 3>> peak_ball(const Grid& grid) {
  const double radius = std::cbrt(3 * 1000 / (4 * 3.14159265358979));
  std::array<int64_t, 3> reach{};
  for (size_t axis = 0; axis < 3; ++axis) reach[axis] = static_cast<int64_t>(radius / grid.spacing[axis]);
  std::vector<std::array<int64_t, 3>> offsets;
  for (int64_t z = -reach[0]; z <= reach[0]; ++z)
    for (int64_t y = -reach[1]; y <= reach[1]; ++y)
      for (int64_t x = -reach[2]; x <= reach[2]; ++x)
        if (std::hypot(static_cast<double>(z) * grid.spacing[0], static_cast<double>(y) * grid.spacing[1],
                       static_cast<double>(x) * grid.spacing[2]) <= radius)
          offsets.push_back({z, y, x});
  return offsets;
}

/// The largest mean over such a ball, cut at the image's edge, about a voxel of the lesion.
double peak(const std::vector<double>& image, const Lesion& lesion) {
  const Grid& grid = lesion.grid;
  const auto ball = peak_ball(grid);
  double largest = -std::numeric_limits<double>::infinity();
  for (const auto& centre : lesion.voxels) {
    double sum = 0;
    int64_t count = 0;
    for (const auto& offset : ball) {
      std::array<int64_t, 3> at{};
      bool inside = true;
      for (size_t axis = 0; axis < 3; ++axis) {
        at[axis] = centre[axis] + offset[axis];
        inside = inside && at[axis] >= 0 && at[axis] < grid.size[axis];
      }
      if (!inside) continue;
      sum += image[grid.at(at[0], at[1], at[2])];
      ++count;
    }
    largest = std::max(largest, sum / static_cast<double>(count));
  }
  return largest;
}

/// Mean gradient in three directions, in the image's units a mm.
double mean_gradient(const std::vector<double>& image, const Lesion& lesion) {
  double total = 0;
  for (const auto& voxel : lesion.voxels) {
    double squared = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const double slope = difference(image, lesion.grid, voxel, axis);
      squared += slope * slope;
    }
    total += std::sqrt(squared);
  }
  return total / static_cast<double>(lesion.voxels.size());
}

struct Deep {
  double depth = 0, value = 0;
};

/// Mean value of the first `amount` voxels, which come in order of depth. Voxels of one depth count alike, in
/// part where the amount ends among them: a lesion a few voxels wide has few depths, and whole layers of it
/// would be far more than was asked for.
double mean_of_first(const std::vector<Deep>& ordered, double amount) {
  double sum = 0, taken = 0;
  for (auto layer = ordered.begin(); layer != ordered.end() && taken < amount;) {
    double values = 0, count = 0;
    const double depth = layer->depth;
    for (; layer != ordered.end() && std::abs(layer->depth - depth) <= kDepthTie; ++layer, ++count)
      values += layer->value;
    const double part = std::min(1.0, (amount - taken) / count);
    sum += part * values;
    taken += part * count;
  }
  return sum / taken;
}

/// Mean of the outer less that of the inner two fifths, by depth in the lesion.
double rim_contrast(const std::vector<double>& image, const Lesion& lesion) {
  const std::vector<double> depth = distance_to_outside(lesion.mask, lesion.grid, true);
  std::vector<Deep> voxels;
  for (const auto& [z, y, x] : lesion.voxels) {
    const int64_t i = lesion.grid.at(z, y, x);
    voxels.push_back({depth[i], image[i]});
  }
  std::sort(voxels.begin(), voxels.end(), [](const Deep& a, const Deep& b) { return a.depth < b.depth; });
  const double amount = 0.4 * static_cast<double>(voxels.size());
  const std::vector<Deep> inwards(voxels.rbegin(), voxels.rend());
  return mean_of_first(voxels, amount) - mean_of_first(inwards, amount);
}

}  // namespace

const std::vector<std::string>& unit_names() {
  static const std::vector<std::string> names{"mean",      "p10",      "median",   "p90",      "max", "peak",
                                              "deviation", "skewness", "kurtosis", "gradient", "rim"};
  return names;
}

std::vector<double> unit_descriptors(const std::vector<double>& image, const Lesion& lesion) {
  std::vector<double> values;
  for (const auto& [z, y, x] : lesion.voxels) values.push_back(image[lesion.grid.at(z, y, x)]);
  const Moments of = moments(values);
  return {of.mean,
          percentile(values, 10),
          percentile(values, 50),
          percentile(values, 90),
          *std::max_element(values.begin(), values.end()),
          peak(image, lesion),
          of.deviation,
          of.skewness,
          of.kurtosis,
          mean_gradient(image, lesion),
          rim_contrast(image, lesion)};
}

}  // namespace photo51::radiomics
