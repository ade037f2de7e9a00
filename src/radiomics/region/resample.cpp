#include "radiomics/region/resample.hpp"

#include <algorithm>
#include <cmath>

namespace photo51::radiomics {
namespace {

const double kPole = std::sqrt(3.0) - 2;  // of the cubic B-spline (Unser 1999, doi:10.1109/79.799930)
constexpr int64_t kReach = 24;            // |pole|^24 = 2e-14

/// An array seen along one axis: `outer` blocks of `length` rows of `inner` contiguous values.
struct Layout {
  int64_t outer, length, inner;
};

/// Where one new sample comes from: old samples and their weights.
struct Taps {
  int count = 0;
  std::array<int64_t, 4> index{};
  std::array<double, 4> weight{};
};

/// Index of a sample of a signal that is mirrored at its first and last sample.
int64_t mirrored(int64_t i, int64_t length) {
  if (length == 1) return 0;
  const int64_t period = 2 * (length - 1);
  i = std::abs(i) % period;
  return i < length ? i : period - i;
}

Taps taps(double position, int64_t length, Interpolation interpolation) {
  const auto end = static_cast<double>(length - 1);
  position = std::clamp(position, 0.0, end);
  const auto below = static_cast<int64_t>(position);
  const double t = position - static_cast<double>(below);
  if (interpolation == Interpolation::nearest) return {1, {below + (t >= 0.5 ? 1 : 0)}, {1}};
  if (interpolation == Interpolation::linear)
    return {2, {below, std::min(below + 1, length - 1)}, {1 - t, t}};
  Taps result;
  result.count = 4;
  for (int64_t k = 0; k < 4; ++k) result.index[k] = mirrored(below - 1 + k, length);
  const double u = 1 - t;
  result.weight = {u * u * u / 6, 2.0 / 3 - t * t * (2 - t) / 2, 2.0 / 3 - u * u * (2 - u) / 2,
                   t * t * t / 6};
  return result;
}

/// Samples become the coefficients of the B-spline through them, in place.
void prefilter(double* block, const Layout& layout) {
  const int64_t n = layout.length, inner = layout.inner;
  if (n == 1) return;
  const auto row = [&](int64_t i) { return block + i * inner; };
  std::vector<double> start(row(0), row(0) + inner);
  double power = 1;
  for (int64_t k = 1; k < std::min(2 * n - 2, 2 * kReach); ++k) {
    power *= kPole;
    const double* values = row(mirrored(k, n));
    for (int64_t j = 0; j < inner; ++j) start[j] += power * values[j];
  }
  const double whole = 1 - (2 * n - 2 < 2 * kReach ? std::pow(kPole, static_cast<double>(2 * n - 2)) : 0);
  for (int64_t j = 0; j < inner; ++j) row(0)[j] = start[j] / whole;
  for (int64_t i = 1; i < n; ++i)
    for (int64_t j = 0; j < inner; ++j) row(i)[j] += kPole * row(i - 1)[j];
  for (int64_t j = 0; j < inner; ++j)
    row(n - 1)[j] = kPole / (kPole * kPole - 1) * (row(n - 1)[j] + kPole * row(n - 2)[j]);
  for (int64_t i = n - 2; i >= 0; --i)
    for (int64_t j = 0; j < inner; ++j) row(i)[j] = kPole * (row(i + 1)[j] - row(i)[j]);
  for (int64_t i = 0; i < n * inner; ++i) block[i] *= 6;
}

std::vector<double> along(std::vector<double> values, const Layout& layout, const Span& span,
                          Interpolation interpolation) {
  if (span.axis.same() && span.count == span.size) return values;
  std::vector<Taps> all(span.size);
  for (int64_t i = 0; i < span.size; ++i) {
    const double position = span.axis.at(span.first + i) - static_cast<double>(span.from);
    all[i] = taps(position, span.count, span.axis.same() ? Interpolation::nearest : interpolation);
  }
  const bool spline = interpolation == Interpolation::cubic && !span.axis.same();
  std::vector<double> result(layout.outer * span.size * layout.inner, 0.0);
  for (int64_t block = 0; block < layout.outer; ++block) {
    double* in = values.data() + block * layout.length * layout.inner;
    if (spline) prefilter(in, layout);
    double* out = result.data() + block * span.size * layout.inner;
    for (const Taps& at : all) {
      for (int k = 0; k < at.count; ++k) {
        const double* row = in + at.index[k] * layout.inner;
        for (int64_t j = 0; j < layout.inner; ++j) out[j] += at.weight[k] * row[j];
      }
      out += layout.inner;
    }
  }
  return result;
}

}  // namespace

Axis resampled_axis(int64_t size, double spacing, double wanted) {
  if (wanted == 0 || size == 1 || wanted == spacing) return {size, size, 0, 1};
  // Spacings come from files as rounded numbers: a grid that fits but for that gets no further voxel.
  constexpr double kSlack = 1e-3;
  const double exact = static_cast<double>(size) * spacing / wanted;
  Axis axis{size, std::max<int64_t>(1, static_cast<int64_t>(std::ceil(exact - kSlack))), 0, wanted / spacing};
  axis.first = (static_cast<double>(size - 1) - static_cast<double>(axis.size - 1) * axis.step) / 2;
  return axis;
}

int64_t context(Interpolation interpolation) {
  return interpolation == Interpolation::cubic ? kReach + 2 : 1;
}

Span span_of(const Axis& axis, int64_t first, int64_t last, Interpolation interpolation) {
  const int64_t beyond = axis.same() ? 0 : context(interpolation);
  const auto low = static_cast<int64_t>(std::floor(axis.at(first))) - beyond;
  const auto high = static_cast<int64_t>(std::ceil(axis.at(last))) + beyond;
  const int64_t from = std::clamp<int64_t>(low, 0, axis.from - 1);
  return {axis, first, last - first + 1, from, std::clamp<int64_t>(high, 0, axis.from - 1) - from + 1};
}

std::vector<double> interpolate(std::vector<double> values, const std::array<Span, 3>& spans,
                                Interpolation interpolation) {
  // Slices first: what is cut off there is not interpolated in plane.
  const auto& [z, y, x] = spans;
  values = along(std::move(values), {1, z.count, y.count * x.count}, z, interpolation);
  values = along(std::move(values), {z.size, y.count, x.count}, y, interpolation);
  return along(std::move(values), {z.size * y.size, x.count, 1}, x, interpolation);
}

}  // namespace photo51::radiomics
