// Local binary patterns on spheres, as PyRadiomics makes them with SciPy and trimesh.
#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <map>
#include <numbers>

#include "radiomics/pyradiomics/image_types.hpp"
#include "radiomics/shape/points.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

using Complex = std::complex<double>;

/// The corners of an icosahedron whose triangles are cut in four `subdivision` times, on a sphere.
std::vector<Point> icosphere(int64_t subdivision, double radius) {
  const double t = std::numbers::phi;
  std::vector<Point> corners{{-1, t, 0},  {1, t, 0},  {-1, -t, 0}, {1, -t, 0}, {0, -1, t},  {0, 1, t},
                             {0, -1, -t}, {0, 1, -t}, {t, 0, -1},  {t, 0, 1},  {-t, 0, -1}, {-t, 0, 1}};
  std::vector<std::array<size_t, 3>> triangles{{0, 11, 5}, {0, 5, 1},  {0, 1, 7},   {0, 7, 10}, {0, 10, 11},
                                               {1, 5, 9},  {5, 11, 4}, {11, 10, 2}, {10, 7, 6}, {7, 1, 8},
                                               {3, 9, 4},  {3, 4, 2},  {3, 2, 6},   {3, 6, 8},  {3, 8, 9},
                                               {4, 9, 5},  {2, 4, 11}, {6, 2, 10},  {8, 6, 7},  {9, 8, 1}};
  const auto length_of = [](const Point& point) { return std::sqrt(dot(point, point)); };
  const auto put_on_sphere = [&](Point& point) {
    const double length = length_of(point);
    for (double& value : point) value += value / length * (radius - length);
  };
  for (Point& corner : corners) {
    const double length = length_of(corner);
    for (double& value : corner) value /= length;
  }
  if (subdivision == 0) std::for_each(corners.begin(), corners.end(), put_on_sphere);
  for (int64_t i = 0; i < subdivision; ++i) {
    std::map<std::pair<size_t, size_t>, size_t> middles;
    const auto middle = [&](size_t a, size_t b) {
      const auto [found, fresh] = middles.try_emplace(std::minmax(a, b), corners.size());
      if (fresh) {
        Point point;
        for (int axis = 0; axis < 3; ++axis) point[axis] = (corners[a][axis] + corners[b][axis]) / 2;
        corners.push_back(point);
      }
      return found->second;
    };
    std::vector<std::array<size_t, 3>> finer;
    for (const auto& [a, b, c] : triangles) {
      const size_t ab = middle(a, b), bc = middle(b, c), ca = middle(c, a);
      for (const auto& one : {std::array{a, ab, ca}, {ab, b, bc}, {ca, bc, c}, {ab, bc, ca}})
        finer.push_back(one);
    }
    triangles = std::move(finer);
    std::for_each(corners.begin(), corners.end(), put_on_sphere);
  }
  return corners;
}

/// Y of order `m` and degree `n`. PyRadiomics hands the polar angle over as the azimuth and the other way
/// round; the features are those.
Complex harmonic(int m, int n, double azimuth, double polar) {
  const int order = std::abs(m);
  double ratio = 1;  // (n - order)! / (n + order)!
  for (int i = n - order + 1; i <= n + order; ++i) ratio /= i;
  const double scale = std::sqrt((2 * n + 1) / (4 * std::numbers::pi) * ratio);
  // std::assoc_legendre has no factor (-1)^m; SciPy's has, and of -m it is in Y once more.
  const double sign = order % 2 == 1 && m > 0 ? -1 : 1;
  const double value =
      std::assoc_legendre(static_cast<unsigned>(n), static_cast<unsigned>(order), std::cos(polar));
  return std::polar(1.0, m * azimuth) * (sign * scale * value);
}

/// For each degree, its harmonics at the points.
std::vector<std::vector<std::vector<Complex>>> harmonics(const std::vector<Point>& points, double radius,
                                                         int64_t degrees) {
  std::vector<std::vector<std::vector<Complex>>> result;
  for (int n = 0; n < degrees; ++n) {
    auto& of_degree = result.emplace_back();
    for (int m = -n; m <= n; ++m) {
      auto& values = of_degree.emplace_back();
      for (const Point& point : points)
        values.push_back(harmonic(m, n, std::acos(std::clamp(point[2] / radius, -1.0, 1.0)),
                                  std::atan2(point[1], point[0])));
    }
  }
  return result;
}

/// The coefficients of a cubic B-spline through a line of values that goes on mirrored about its end voxels,
/// as SciPy computes them.
void to_coefficients(double* line, int64_t count, int64_t stride) {
  if (count < 2) return;
  const double pole = std::sqrt(3.0) - 2;
  const double gain = (1 - pole) * (1 - 1 / pole);
  const auto at = [&](int64_t i) -> double& { return line[i * stride]; };
  for (int64_t i = 0; i < count; ++i) at(i) *= gain;
  const double last = std::pow(pole, static_cast<double>(count - 1));
  double power = pole;
  at(0) += last * at(count - 1);
  for (int64_t i = 1; i < count - 1; ++i) {
    at(0) += power * (at(i) + last * at(count - 1 - i));
    power *= pole;
  }
  at(0) /= 1 - last * last;
  for (int64_t i = 1; i < count; ++i) at(i) += pole * at(i - 1);
  at(count - 1) = (pole * at(count - 2) + at(count - 1)) * pole / (pole * pole - 1);
  for (int64_t i = count - 2; i >= 0; --i) at(i) = pole * (at(i + 1) - at(i));
}

/// Intensities between voxels, 0 beyond the image.
class Spline {
 public:
  /// Of the voxels around `window` that those up to `reach` outside it depend on.
  Spline(const Patch& image, const Window& window, double reach) : whole_(image.image) {
    constexpr int64_t kFarther = 40;  // a voxel so far away shows by less than a double does
    const auto more = static_cast<int64_t>(std::ceil(reach)) + kFarther;
    window_ = grown(window, {more, more, more});
    for (int axis = 0; axis < 3; ++axis) {
      window_.begin[axis] = std::max<int64_t>(0, window_.begin[axis]);
      window_.end[axis] = std::min(whole_.size[axis], window_.end[axis]);
      size_[axis] = window_.length(axis);
    }
    values_ = values_around(image, window_, Boundary::nearest);
    const Index3 strides{size_[1] * size_[2], size_[2], 1};
    for (int axis = 0; axis < 3; ++axis) {
      const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
      for (int64_t i = 0; i < size_[a]; ++i)
        for (int64_t j = 0; j < size_[b]; ++j)
          to_coefficients(values_.data() + i * strides[a] + j * strides[b], size_[axis], strides[axis]);
    }
  }

  double at(const Point& place) const {
    std::array<std::array<int64_t, 4>, 3> index{};
    std::array<std::array<double, 4>, 3> weight{};
    for (int axis = 0; axis < 3; ++axis) {
      if (place[axis] < 0 || place[axis] > static_cast<double>(whole_.size[axis] - 1)) return 0;
      const double below = std::floor(place[axis]), t = place[axis] - below, u = 1 - t;
      auto& w = weight[axis];
      w[0] = u * u * u / 6;
      w[1] = (t * t * (t - 2) * 3 + 4) / 6;
      w[2] = (u * u * (u - 2) * 3 + 4) / 6;
      w[3] = 1 - w[0] - w[1] - w[2];
      for (int k = 0; k < 4; ++k)
        index[axis][k] = mirrored(static_cast<int64_t>(below) - window_.begin[axis] + k - 1, size_[axis]);
    }
    double sum = 0;
    for (int a = 0; a < 4; ++a)
      for (int b = 0; b < 4; ++b)
        for (int c = 0; c < 4; ++c)
          sum += values_[(index[0][a] * size_[1] + index[1][b]) * size_[2] + index[2][c]] * weight[0][a] *
                 weight[1][b] * weight[2][c];
    return sum;
  }

 private:
  static int64_t mirrored(int64_t index, int64_t length) {
    if (length == 1) return 0;
    const int64_t period = 2 * length - 2, folded = (index % period + period) % period;
    return folded < length ? folded : period - folded;
  }

  Grid whole_;
  Window window_;
  Index3 size_{};
  std::vector<double> values_;
};

double kurtosis(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0, second = 0, fourth = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) {
    const double square = (value - mean) * (value - mean);
    second += square / count;
    fourth += square * square / count;
  }
  // Of one intensity, all but rounding: not defined, as in SciPy.
  const double least = 1e-15 * std::abs(mean);
  return second <= least * least ? std::numeric_limits<double>::quiet_NaN() : fourth / (second * second) - 3;
}

}  // namespace

std::vector<DerivedImage> spherical_lbp_images(const Scene& scene, const Pyradiomics& settings) {
  const SphericalLbpImages& options = *settings.image_type.lbp_3d;
  const std::vector<Point> points = icosphere(options.subdivision, options.radius);
  const auto basis = harmonics(points, options.radius, options.levels);
  const Spline spline(scene.image, scene.window, options.radius);
  std::vector<DerivedImage> images;
  const std::vector<double> empty(scene.window.count(), 0);
  for (int64_t level = 1; level <= options.levels; ++level)
    images.push_back({"lbp-3D-m" + std::to_string(level), options, empty});
  images.push_back({"lbp-3D-k", options, empty});
  std::vector<double> around(points.size());
  for (const int64_t voxel : scene.region.voxels) {
    const Place in = scene.region.grid.place(voxel);
    bool known = true;
    for (size_t i = 0; i < points.size(); ++i) {
      Point place;
      for (int axis = 0; axis < 3; ++axis)
        place[axis] = static_cast<double>(in[axis] + scene.window.begin[axis]) + points[i][axis];
      double value = spline.at(place);
      // SciPy gives intensities back as the image has them.
      if (scene.whole) value = std::round(value);
      if (scene.single) value = static_cast<double>(static_cast<float>(value));
      known = known && std::isfinite(value);
      around[i] = value;
    }
    const double centre = scene.region.intensity[voxel];
    for (int64_t level = 0; level < options.levels; ++level) {
      std::vector<Complex> part(points.size());
      for (const auto& harmonic : basis[level]) {
        Complex coefficient;
        for (size_t i = 0; i < points.size(); ++i)
          if (around[i] >= centre) coefficient += harmonic[i];
        for (size_t i = 0; i < points.size(); ++i) part[i] += coefficient * harmonic[i];
      }
      Complex squares;
      for (const Complex& value : part) squares += value * value;
      images[level].values[voxel] =
          known ? std::sqrt(squares).real() : std::numeric_limits<double>::quiet_NaN();
    }
    images.back().values[voxel] = known ? kurtosis(around) : std::numeric_limits<double>::quiet_NaN();
  }
  return images;
}

}  // namespace photo51::radiomics::pyradiomics
