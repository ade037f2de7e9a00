#include "radiomics/filters/fourier.hpp"

#include <ATen/ops/fft_irfftn.h>
#include <ATen/ops/fft_rfftn.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <cmath>
#include <complex>

#include "radiomics/filters/filter.hpp"

namespace photo51::radiomics {
namespace {

using Complex = std::complex<double>;
using Frequency = std::array<double, 3>;  ///< z, y, x

/// Multiplies the half spectrum of each slice or of all of `values` by `transfer(z, y, x)` of the indices of
/// its frequencies, from 0 to the size.
template <class Transfer>
void multiply_spectrum(std::vector<double>& values, const Grid& image, bool by_slice, Transfer&& transfer) {
  const at::Tensor tensor =
      at::from_blob(values.data(), {image.size[0], image.size[1], image.size[2]}, at::kDouble);
  const std::vector<int64_t> axes = by_slice ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{0, 1, 2};
  const std::vector<int64_t> size(image.size.begin() + (by_slice ? 1 : 0), image.size.end());
  const at::Tensor spectrum = at::fft_rfftn(tensor, std::nullopt, axes).contiguous();
  auto* weights = reinterpret_cast<Complex*>(spectrum.data_ptr());
  for (int64_t z = 0; z < image.size[0]; ++z)
    for (int64_t y = 0; y < image.size[1]; ++y)
      for (int64_t x = 0; x < image.size[2] / 2 + 1; ++x) *weights++ *= transfer(by_slice ? 0 : z, y, x);
  tensor.copy_(at::fft_irfftn(spectrum, size, axes));
}

/// Of index k among n frequencies, the signed one, in units of half the sampling frequency.
double frequency(int64_t k, int64_t n) {
  return 2 * static_cast<double>(k < (n + 1) / 2 ? k : k - n) / static_cast<double>(n);
}

/// The reference implementations of IBSI-2 sample the isotropic wavelets at n frequencies that are symmetric
/// about zero, from -1 to 1, which puts them half a step beside those of the transform when n is even.
double symmetric_frequency(int64_t k, int64_t n) {
  if (n == 1) return 0;
  const int64_t i = (k + n / 2) % n;
  return 2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1;
}

double factorial(int64_t n) {
  return std::tgamma(static_cast<double>(n) + 1);
}

double band_weight(bool shannon, double radius, double limit) {
  if (shannon) return radius > limit / 2 && radius <= limit ? 1 : 0;
  return radius > limit / 4 && radius < limit ? std::cos(M_PI / 2 * std::log2(2 * radius / limit)) : 0;
}

class IsotropicWavelet final : public Filter {
 public:
  explicit IsotropicWavelet(IsotropicWaveletFilter options) : options_(std::move(options)) {}
  Window needs(const Grid& image, const Window&) const override { return whole_window(image); }
  std::vector<double> respond(const Patch& patch, const Window& window) const override {
    Patch whole{patch.image, whole_window(patch.image),
                values_around(patch, whole_window(patch.image), Boundary::zero)};
    isotropic_band(whole.values, whole.image, options_.family, options_.level,
                   options_.dimensions == FilterDimensions::two);
    if (!options_.riesz.empty()) riesz_transform(whole.values, whole.image, options_.riesz);
    return values_around(whole, window, Boundary::zero);
  }

 private:
  IsotropicWaveletFilter options_;
};

}  // namespace

void riesz_transform(std::vector<double>& values, const Grid& image, const std::vector<int64_t>& orders) {
  const bool by_slice = orders.size() == 2;
  Complex factor = 1;
  int64_t total = 0;
  double repeats = 1;
  for (const int64_t order : orders) {
    total += order;
    repeats *= factorial(order);
    for (int64_t i = 0; i < order; ++i) factor *= Complex(0, -1);
  }
  factor *= std::sqrt(factorial(total) / repeats);
  multiply_spectrum(values, image, by_slice, [&](int64_t z, int64_t y, int64_t x) -> Complex {
    const Index3 index{z, y, x};
    double product = 1, norm = 0;
    bool lone = false;  // the highest frequency of an even axis stands for both signs, which cancel
    for (int axis = by_slice ? 1 : 0; axis < 3; ++axis) {
      const int64_t order = orders[2 - axis];
      const double v = frequency(index[axis], image.size[axis]) / image.spacing[axis];
      product *= std::pow(v, static_cast<double>(order));
      norm += v * v;
      lone = lone || (order % 2 != 0 && 2 * index[axis] == image.size[axis]);
    }
    if (norm == 0 || lone) return 0;
    return factor * (product / std::pow(norm, static_cast<double>(total) / 2));
  });
}

void isotropic_band(std::vector<double>& values, const Grid& image, IsotropicFamily family, int64_t level,
                    bool by_slice) {
  const double limit = std::ldexp(1.0, static_cast<int>(1 - level));
  const auto weight = [&](const Index3& index) {
    double norm = 0;
    for (int axis = by_slice ? 1 : 0; axis < 3; ++axis) {
      const double v = symmetric_frequency(index[axis], image.size[axis]);
      norm += v * v;
    }
    return band_weight(family == IsotropicFamily::shannon, std::sqrt(norm), limit);
  };
  // The real part of the response is that of the transfer's mean over opposite frequencies.
  multiply_spectrum(values, image, by_slice, [&](int64_t z, int64_t y, int64_t x) {
    const Index3& n = image.size;
    const Index3 opposite{(n[0] - z) % n[0], (n[1] - y) % n[1], (n[2] - x) % n[2]};
    return (weight({z, y, x}) + weight(opposite)) / 2;
  });
}

std::unique_ptr<Filter> make_isotropic_wavelet(const config::Choice& choice) {
  return std::make_unique<IsotropicWavelet>(choice.as<IsotropicWaveletFilter>());
}

}  // namespace photo51::radiomics
