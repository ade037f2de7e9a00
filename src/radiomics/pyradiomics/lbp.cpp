// Local binary patterns of slices, as scikit-image's `local_binary_pattern` makes them for PyRadiomics.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "radiomics/pyradiomics/image_types.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

/// A point of the circle, from the voxel.
struct Point2 {
  double row, column;
};

std::vector<Point2> circle(const LbpImage& options) {
  std::vector<Point2> points;
  const auto rounded = [](double value) { return std::round(value * 1e5) / 1e5; };
  for (int64_t i = 0; i < options.samples; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(options.samples);
    points.push_back({rounded(-options.radius * std::sin(angle)), rounded(options.radius * std::cos(angle))});
  }
  return points;
}

/// The axes of rows and columns of slices across an axis: numpy changes it for the first.
std::pair<int, int> axes_of(int across) {
  return across == 2 ? std::pair{1, 0} : std::pair{1 - across, 2};
}

/// One slice, with 0 beyond its edges.
class Slice {
 public:
  Slice(const Patch& image, int across, int64_t at) : image_(image) {
    const Index3 strides{image.image.slice(), image.image.size[2], 1};
    const auto [row, column] = axes_of(across);
    rows_ = image.image.size[row];
    columns_ = image.image.size[column];
    row_ = strides[row];
    column_ = strides[column];
    first_ = at * strides[across];
  }

  double at(int64_t row, int64_t column) const {
    if (row < 0 || row >= rows_ || column < 0 || column >= columns_) return 0;
    return image_.values[first_ + row * row_ + column * column_];
  }

  /// Between four voxels.
  double at(double row, double column) const {
    const double top = std::floor(row), left = std::floor(column);
    const double down = row - top, right = column - left;
    const auto r0 = static_cast<int64_t>(top), c0 = static_cast<int64_t>(left);
    const auto r1 = static_cast<int64_t>(std::ceil(row)), c1 = static_cast<int64_t>(std::ceil(column));
    const double above = (1 - right) * at(r0, c0) + right * at(r0, c1);
    const double below = (1 - right) * at(r1, c0) + right * at(r1, c1);
    return (1 - down) * above + down * below;
  }

 private:
  const Patch& image_;
  int64_t rows_ = 0, columns_ = 0, row_ = 0, column_ = 0, first_ = 0;
};

/// Bit i: point i is not lower.
double code(uint32_t bits, const LbpImage& options) {
  const auto samples = static_cast<int>(options.samples);
  const uint32_t all = samples == 32 ? ~0U : (1U << samples) - 1;
  const uint32_t turned = ((bits >> 1) | (bits << (samples - 1))) & all;
  if (options.method == LbpMethod::bits) return bits;
  if (options.method == LbpMethod::ror) {
    uint32_t least = bits, turning = bits;
    for (int i = 1; i < samples; ++i) {
      turning = ((turning >> 1) | (turning << (samples - 1))) & all;
      least = std::min(least, turning);
    }
    return least;
  }
  // Changes from one point to the next are counted in a row, not in a ring.
  const uint32_t inner = samples > 1 ? (bits ^ turned) & (all >> 1) : 0;
  const int changes = std::popcount(inner);
  return changes <= 2 ? std::popcount(bits) : samples + 1;
}

}  // namespace

DerivedImage lbp_image(const Scene& scene, const Pyradiomics& settings) {
  const LbpImage& options = *settings.image_type.lbp_2d;
  const std::vector<Point2> points = circle(options);
  const auto across = static_cast<int>(settings.force_2d_dimension);
  const auto [row, column] = axes_of(across);
  const Window& window = scene.window;
  DerivedImage result{"lbp-2D", options, {}, scene.single};
  result.values.reserve(window.count());
  for (int64_t z = window.begin[0]; z < window.end[0]; ++z) {
    for (int64_t y = window.begin[1]; y < window.end[1]; ++y) {
      for (int64_t x = window.begin[2]; x < window.end[2]; ++x) {
        const Index3 at{z, y, x};
        const Slice slice(scene.image, across, at[across]);
        const double centre = slice.at(at[row], at[column]);
        bool known = std::isfinite(centre);
        uint32_t bits = 0;
        for (size_t i = 0; i < points.size(); ++i) {
          const double value = slice.at(static_cast<double>(at[row]) + points[i].row,
                                        static_cast<double>(at[column]) + points[i].column);
          known = known && std::isfinite(value);
          if (value - centre >= 0) bits |= 1U << i;
        }
        result.values.push_back(known ? code(bits, options) : std::numeric_limits<double>::quiet_NaN());
      }
    }
  }
  return result;
}

}  // namespace photo51::radiomics::pyradiomics
