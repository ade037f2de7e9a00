#include "radiomics/filters/recursive_gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace photo51::radiomics {
namespace {

/// Half a kernel is the sum of two damped waves, exp(decay x) (a cos(frequency x) + b sin(frequency x)) with
/// x in sigmas. Deriche 1993 (INRIA RR-1893), with the constants of Farneback and Westin 2006
/// (doi:10.1007/s10851-006-8464-z).
struct Wave {
  double a, b, frequency, decay;
};
using Waves = std::array<Wave, 2>;
constexpr Waves kGaussian{{{1.3530, 1.8151, 0.6681, -1.3932}, {-0.3531, 0.0902, 2.0787, -1.3732}}};
constexpr Waves kCurvature{{{-1.3563, 5.2318, 0.6681, -1.3932}, {0.3446, -2.2355, 2.0787, -1.3732}}};

using Polynomial = std::array<double, 5>;  // of the delay by one voxel

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial result{};
  for (size_t i = 0; i < result.size(); ++i)
    for (size_t j = 0; i + j < result.size(); ++j) result[i + j] += a[i] * b[j];
  return result;
}

/// The sum of coefficients times the `power` of their delay.
double moment(const Polynomial& of, int power) {
  double sum = 0;
  for (size_t i = 0; i < of.size(); ++i) sum += std::pow(static_cast<double>(i), power) * of[i];
  return sum;
}

/// The transfer function of half a kernel.
struct Fraction {
  Polynomial numerator{}, denominator{};

  double at_rest() const { return moment(numerator, 0) / moment(denominator, 0); }
  /// The sum of the whole kernel, which has the voxel itself once.
  double sum() const { return 2 * at_rest() - numerator[0]; }
  /// Of the half kernel: the sum of its weights times the square of their distance.
  double second_moment() const {
    const double n0 = moment(numerator, 0), n1 = moment(numerator, 1), n2 = moment(numerator, 2);
    const double d0 = moment(denominator, 0), d1 = moment(denominator, 1), d2 = moment(denominator, 2);
    return (n2 - (n0 * d2 + 2 * n1 * d1) / d0 + 2 * n0 * d1 * d1 / (d0 * d0)) / d0;
  }
};

Fraction fraction_of(const Waves& waves, double sigma) {
  std::array<Polynomial, 2> above{}, below{};
  for (size_t i = 0; i < 2; ++i) {
    const Wave& wave = waves[i];
    const double damping = std::exp(wave.decay / sigma), angle = wave.frequency / sigma;
    above[i] = {wave.a, damping * (wave.b * std::sin(angle) - wave.a * std::cos(angle))};
    below[i] = {1, -2 * damping * std::cos(angle), damping * damping};
  }
  Fraction result{product(above[0], below[1]), product(below[0], below[1])};
  const Polynomial other = product(above[1], below[0]);
  for (size_t i = 0; i < other.size(); ++i) result.numerator[i] += other[i];
  return result;
}

/// `sigma` in voxels; the kernel sums to 1.
Fraction gaussian(double sigma) {
  Fraction result = fraction_of(kGaussian, sigma);
  const double sum = result.sum();
  for (double& weight : result.numerator) weight /= sum;
  return result;
}

/// The kernel sums to 0 and makes `scale` of the parabola whose second derivative is 1.
Fraction second_derivative(double sigma, double scale) {
  Fraction result = fraction_of(kCurvature, sigma);
  const Fraction smooth = fraction_of(kGaussian, sigma);
  const double share = result.sum() / smooth.sum();
  for (size_t i = 0; i < result.numerator.size(); ++i) result.numerator[i] -= share * smooth.numerator[i];
  const double size = result.second_moment();
  for (double& weight : result.numerator) weight *= scale / size;
  return result;
}

constexpr int64_t kLanes = 8;  // lines that are filtered together
using Lanes = std::array<double, kLanes>;

/// Lines to filter: a recursion down and one up, added.
class Lines {
 public:
  Lines(const Fraction& half, int64_t length)
      : half_(half),
        length_(length),
        in_(length + 2 * kEdge),
        down_(length + 2 * kEdge),
        up_(length + 2 * kEdge) {
    const Polynomial &n = half.numerator, &d = half.denominator;
    // Upwards the voxel itself, which the other way has counted, is left out.
    for (size_t i = 1; i < n.size(); ++i) upward_[i] = n[i] - d[i] * n[0];
  }

  Lanes& in(int64_t i) { return in_[i + kEdge]; }
  double out(int64_t i, int64_t lane) const { return down_[i + kEdge][lane] + up_[i + kEdge][lane]; }

  void run() {
    extend();
    const auto [n0, n1, n2, n3, none] = half_.numerator;
    const auto [one, d1, d2, d3, d4] = half_.denominator;
    const auto [zero, m1, m2, m3, m4] = upward_;
    const Lanes* const x = in_.data();
    for (int64_t i = kEdge; i < length_ + kEdge; ++i) {
      Lanes* const y = down_.data();
      for (int64_t l = 0; l < kLanes; ++l)
        y[i][l] = (x[i][l] * n0 + x[i - 1][l] * n1 + x[i - 2][l] * n2 + x[i - 3][l] * n3) -
                  (y[i - 1][l] * d1 + y[i - 2][l] * d2 + y[i - 3][l] * d3 + y[i - 4][l] * d4);
    }
    for (int64_t i = length_ + kEdge; i-- > kEdge;) {
      Lanes* const y = up_.data();
      for (int64_t l = 0; l < kLanes; ++l)
        y[i][l] = (x[i + 1][l] * m1 + x[i + 2][l] * m2 + x[i + 3][l] * m3 + x[i + 4][l] * m4) -
                  (y[i + 1][l] * d1 + y[i + 2][l] * d2 + y[i + 3][l] * d3 + y[i + 4][l] * d4);
    }
  }

 private:
  static constexpr int64_t kEdge = 4;

  /// The outermost voxels go on for ever, so that beyond them the recursions are at rest.
  void extend() {
    const double below = half_.at_rest(), above = moment(upward_, 0) / moment(half_.denominator, 0);
    for (int64_t i = 0; i < kEdge; ++i) {
      in_[i] = in_[kEdge];
      in_[length_ + kEdge + i] = in_[length_ + kEdge - 1];
      for (int64_t l = 0; l < kLanes; ++l) {
        down_[i][l] = in_[i][l] * below;
        up_[length_ + kEdge + i][l] = in_[length_ + kEdge + i][l] * above;
      }
    }
  }

  Fraction half_;
  Polynomial upward_{};
  int64_t length_;
  std::vector<Lanes> in_, down_, up_;
};

template <class Value>
struct Array {
  Index3 size;
  const Value* values;
};

/// Filters along `axis` and keeps what `window` has of that axis.
template <class Value>
std::vector<float> filtered(const Array<Value>& image, int axis, const Fraction& half, const Window& window) {
  const Index3 strides{image.size[1] * image.size[2], image.size[2], 1};
  Index3 size = image.size;
  size[axis] = window.length(axis);
  const Index3 kept_strides{size[1] * size[2], size[2], 1};
  std::vector<float> result(size[0] * size[1] * size[2]);
  // Lines lie side by side along x where they can.
  const int inner = axis == 2 ? 1 : 2, outer = 3 - axis - inner;
  Lines lines(half, image.size[axis]);
  for (int64_t o = 0; o < size[outer]; ++o) {
    for (int64_t start = 0; start < size[inner]; start += kLanes) {
      const int64_t lanes = std::min(kLanes, size[inner] - start);
      const Value* const from = image.values + o * strides[outer] + start * strides[inner];
      for (int64_t i = 0; i < image.size[axis]; ++i)
        for (int64_t l = 0; l < lanes; ++l)
          lines.in(i)[l] = static_cast<double>(from[i * strides[axis] + l * strides[inner]]);
      lines.run();
      float* const to = result.data() + o * kept_strides[outer] + start * kept_strides[inner];
      for (int64_t i = 0; i < size[axis]; ++i)
        for (int64_t l = 0; l < lanes; ++l)
          to[i * kept_strides[axis] + l * kept_strides[inner]] =
              static_cast<float>(lines.out(window.begin[axis] + i, l));
    }
  }
  return result;
}

}  // namespace

std::vector<double> recursive_log(const Patch& image, double sigma, const Window& window) {
  std::vector<float> sum(window.count(), 0);
  for (int derived = 2; derived >= 0; --derived) {
    const double spacing = image.image.spacing[derived];
    Index3 size = image.image.size;
    std::vector<float> part = filtered(Array<double>{size, image.values.data()}, derived,
                                       second_derivative(sigma / spacing, sigma * sigma), window);
    size[derived] = window.length(derived);
    for (int axis = 2; axis >= 0; --axis) {
      if (axis == derived) continue;
      part = filtered(Array<float>{size, part.data()}, axis, gaussian(sigma / image.image.spacing[axis]),
                      window);
      size[axis] = window.length(axis);
    }
    const double per_mm = 1 / (spacing * spacing);
    for (size_t i = 0; i < sum.size(); ++i)
      sum[i] = static_cast<float>(static_cast<double>(sum[i]) + static_cast<double>(part[i]) * per_mm);
  }
  return {sum.begin(), sum.end()};
}

}  // namespace photo51::radiomics
