#include "radiomics/ibsi/autocorrelation.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace photo51::radiomics {
namespace {

/// Intensities less their mean where the mask is, in the box around it.
struct Sample {
  Grid grid;
  std::vector<Place> places;
  std::vector<double> offset;
  double squares = 0;
};

/// Over all ordered pairs: of the weights, of weight times both offsets, of weight times the first's square.
struct PairSums {
  double weight = 0, product = 0, square = 0;
};

Sample sample_of(const Region& region) {
  Sample sample{{{0, 0, 0}, region.grid.spacing}, {}, {}};
  Place low = region.grid.size, high{-1, -1, -1};
  double mean = 0;
  for (const int64_t voxel : region.voxels) {
    const Place place = region.grid.place(voxel);
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], place[axis]);
      high[axis] = std::max(high[axis], place[axis]);
    }
    sample.places.push_back(place);
    mean += region.intensity[voxel];
  }
  mean /= static_cast<double>(region.voxels.size());
  for (size_t i = 0; i < region.voxels.size(); ++i) {
    sample.places[i] = minus(sample.places[i], low);
    sample.offset.push_back(region.intensity[region.voxels[i]] - mean);
    sample.squares += sample.offset[i] * sample.offset[i];
  }
  for (int axis = 0; axis < 3; ++axis) sample.grid.size[axis] = high[axis] - low[axis] + 1;
  return sample;
}

PairSums by_pairs(const Sample& sample) {
  PairSums sums;
  const std::array<double, 3>& spacing = sample.grid.spacing;
  for (size_t i = 0; i < sample.places.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const Place apart = minus(sample.places[i], sample.places[j]);
      const double z = static_cast<double>(apart[0]) * spacing[0];
      const double y = static_cast<double>(apart[1]) * spacing[1];
      const double x = static_cast<double>(apart[2]) * spacing[2];
      const double weight = 1 / std::sqrt(z * z + y * y + x * x);
      const double a = sample.offset[i], b = sample.offset[j];
      sums.weight += 2 * weight;
      sums.product += 2 * weight * a * b;
      sums.square += weight * (a * a + b * b);
    }
  }
  return sums;
}

/// The next number of samples that a Fourier transform takes quickly: no prime factor beyond 5.
int64_t quick_size(int64_t size) {
  for (;; ++size) {
    int64_t rest = size;
    for (const int64_t prime : {2, 3, 5})
      while (rest % prime == 0) rest /= prime;
    if (rest == 1) return size;
  }
}

Grid padded(const Grid& grid) {
  Grid wide = grid;
  for (int axis = 0; axis < 3; ++axis) wide.size[axis] = quick_size(2 * grid.size[axis] - 1);
  return wide;
}

/// 1 / distance of each displacement, those to the negative side wrapped around; 0 for none.
at::Tensor weights(const Grid& wide) {
  std::array<std::vector<double>, 3> squared;
  for (int axis = 0; axis < 3; ++axis) {
    for (int64_t i = 0; i < wide.size[axis]; ++i) {
      const double apart = static_cast<double>(std::min(i, wide.size[axis] - i)) * wide.spacing[axis];
      squared[axis].push_back(apart * apart);
    }
  }
  at::Tensor result = at::empty({wide.size[0], wide.size[1], wide.size[2]}, at::kDouble);
  auto* value = result.mutable_data_ptr<double>();
  for (const double z : squared[0])
    for (const double y : squared[1])
      for (const double x : squared[2]) *value++ = 1 / std::sqrt(z + y + x);
  result.mutable_data_ptr<double>()[0] = 0;
  return result;
}

template <class Value>
at::Tensor spectrum(const Sample& sample, const Grid& wide, Value&& value) {
  at::Tensor image = at::zeros({wide.size[0], wide.size[1], wide.size[2]}, at::kDouble);
  auto* values = image.mutable_data_ptr<double>();
  for (size_t i = 0; i < sample.places.size(); ++i) {
    const auto& [z, y, x] = sample.places[i];
    values[wide.at(z, y, x)] = value(sample.offset[i]);
  }
  return at::fft_rfftn(image);
}

/// The sum of weight times the first's value times the second's over pairs, from the spectra (Parseval): half
/// a spectrum, whose columns but those of frequency 0 and of the highest stand for two.
double pair_sum(const at::Tensor& weight, const at::Tensor& first, const at::Tensor& second,
                const Grid& wide) {
  const at::Tensor product =
      weight * (at::real(first) * at::real(second) + at::imag(first) * at::imag(second));
  const at::Tensor columns = product.sum(at::IntArrayRef{0, 1}) * 2;
  columns[0] /= 2;
  if (wide.size[2] % 2 == 0) columns[-1] /= 2;
  return columns.sum().item<double>() / static_cast<double>(wide.count());
}

PairSums by_transforms(const Sample& sample, const Grid& wide) {
  const at::Tensor weight = at::real(at::fft_rfftn(weights(wide))).contiguous();
  const at::Tensor inside = spectrum(sample, wide, [](double) { return 1.0; });
  PairSums sums;
  sums.weight = pair_sum(weight, inside, inside, wide);
  {
    const at::Tensor offset = spectrum(sample, wide, [](double value) { return value; });
    sums.product = pair_sum(weight, offset, offset, wide);
  }
  const at::Tensor square = spectrum(sample, wide, [](double value) { return value * value; });
  sums.square = pair_sum(weight, square, inside, wide);
  return sums;
}

}  // namespace

Autocorrelation autocorrelation(const Region& region) {
  const Sample sample = sample_of(region);
  const auto count = static_cast<double>(sample.places.size());
  if (count < 2 || sample.squares <= 0) {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {none, none};
  }
  // A sample of the padded box costs about as much as this many pairs.
  constexpr double kPairsASample = 12;
  const Grid wide = padded(sample.grid);
  const bool transform = count * count / 2 > kPairsASample * static_cast<double>(wide.count());
  const PairSums sums = transform ? by_transforms(sample, wide) : by_pairs(sample);
  const double differences = 2 * (sums.square - sums.product);
  return {count / sums.weight * sums.product / sample.squares,
          (count - 1) / (2 * sums.weight) * differences / sample.squares};
}

}  // namespace photo51::radiomics
