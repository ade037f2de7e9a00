#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/fft_fft2.h>
#include <ATen/ops/fft_ifft2.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/real.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "radiomics/filters/filter.hpp"
#include "radiomics/filters/separable.hpp"

namespace photo51::radiomics {
namespace {

/// Where the envelope is cut: exp(-6.1² / 2) = 1e-8.
constexpr double kCutoff = 6.1;

/// The next number from `n` on with no prime factor but 2, 3 and 5.
int64_t fast_length(int64_t n) {
  for (;; ++n) {
    int64_t rest = n;
    for (const int64_t factor : {2, 3, 5})
      while (rest % factor == 0) rest /= factor;
    if (rest == 1) return n;
  }
}

/// The two axes of a plane; the kernel's x lies along the second.
struct Plane {
  int across, down, along;
};

class Gabor final : public Filter {
 public:
  explicit Gabor(GaborFilter options)
      : options_(std::move(options)), pooling_(pooling_from(options_.pooling)), boundary_(options_.boundary) {
    angles_.push_back(options_.theta * M_PI / 180);
    // Kernels half a turn apart are conjugates: their responses have one modulus.
    const auto count =
        static_cast<int64_t>(options_.theta_step > 0 ? std::ceil(360 / options_.theta_step - 1e-9) : 1);
    const bool half = options_.response == GaborResponse::modulus && count % 2 == 0 &&
                      std::abs(static_cast<double>(count) * options_.theta_step - 360) < 1e-6;
    for (int64_t i = 1; i < (half ? count / 2 : count); ++i)
      angles_.push_back((options_.theta + static_cast<double>(i) * options_.theta_step) * M_PI / 180);
    planes_.push_back({0, 1, 2});
    if (options_.orthogonal_planes) {
      planes_.push_back({1, 0, 2});
      planes_.push_back({2, 0, 1});
    }
  }

  Window needs(const Grid& image, const Window& window) const override {
    Index3 radius{0, 0, 0};
    for (const Plane& plane : planes_) {
      const auto [down, along] = reach(image, plane);
      radius[plane.down] = std::max(radius[plane.down], down);
      radius[plane.along] = std::max(radius[plane.along], along);
    }
    return inside(grown(window, radius), image, boundary_);
  }

  std::vector<double> respond(const Patch& patch, const Window& window) const override {
    const std::vector<int64_t> shape{window.length(0), window.length(1), window.length(2)};
    std::vector<double> result(window.count(), 0);
    at::Tensor sum = at::from_blob(result.data(), shape, at::kDouble);
    for (const Plane& plane : planes_) {
      const std::vector<int64_t> order{plane.across, plane.down, plane.along};
      at::Tensor to = sum.permute(order);
      add_plane(patch, window, plane, to);
    }
    sum /= static_cast<double>(planes_.size());
    return result;
  }

 private:
  /// Voxels that the kernels cover on each side, along the plane's axes.
  std::pair<int64_t, int64_t> reach(const Grid& image, const Plane& plane) const {
    double down = 0, along = 0;
    const double narrow = options_.sigma, wide = options_.sigma / options_.gamma;
    for (const double angle : angles_) {
      along = std::max(along, std::hypot(narrow * std::cos(angle), wide * std::sin(angle)));
      down = std::max(down, std::hypot(narrow * std::sin(angle), wide * std::cos(angle)));
    }
    return {static_cast<int64_t>(std::ceil(kCutoff * down / image.spacing[plane.down])),
            static_cast<int64_t>(std::ceil(kCutoff * along / image.spacing[plane.along]))};
  }

  /// The spectrum of the kernel of one orientation, centred on the first voxel. It is real, as the kernel is
  /// its own mirrored conjugate.
  at::Tensor spectrum(double angle, const Grid& image, const Plane& plane, int64_t height,
                      int64_t width) const {
    at::Tensor kernel = at::zeros({height, width}, at::kComplexDouble);
    auto* weights = reinterpret_cast<std::complex<double>*>(kernel.data_ptr());
    const auto [down, along] = reach(image, plane);
    for (int64_t i = -down; i <= down; ++i) {
      for (int64_t j = -along; j <= along; ++j) {
        const double y = static_cast<double>(i) * image.spacing[plane.down];
        const double x = static_cast<double>(j) * image.spacing[plane.along];
        const double wave = x * std::cos(angle) + y * std::sin(angle);
        const double crest = options_.gamma * (y * std::cos(angle) - x * std::sin(angle));
        const double envelope =
            std::exp(-(wave * wave + crest * crest) / (2 * options_.sigma * options_.sigma));
        weights[(i + height) % height * width + (j + width) % width] =
            std::polar(envelope, 2 * M_PI * wave / options_.wavelength);
      }
    }
    return at::real(at::fft_fft2(kernel)).contiguous();
  }

  /// Adds the pooled response of the slices across one plane; `sum` has that axis first.
  void add_plane(const Patch& patch, const Window& window, const Plane& plane, at::Tensor& sum) const {
    const auto [down, along] = reach(patch.image, plane);
    const int64_t height = fast_length(window.length(plane.down) + 2 * down);
    const int64_t width = fast_length(window.length(plane.along) + 2 * along);
    std::vector<at::Tensor> kernels;
    for (const double angle : angles_) kernels.push_back(spectrum(angle, patch.image, plane, height, width));
    Window around = window;
    around.begin[plane.down] -= down;
    around.end[plane.down] += down;
    around.begin[plane.along] -= along;
    around.end[plane.along] += along;
    for (int64_t slice = 0; slice < window.length(plane.across); ++slice) {
      around.begin[plane.across] = window.begin[plane.across] + slice;
      around.end[plane.across] = around.begin[plane.across] + 1;
      std::vector<double> values = values_around(patch, around, boundary_);
      const at::Tensor surroundings =
          at::from_blob(values.data(), {around.length(plane.down), around.length(plane.along)}, at::kDouble);
      const at::Tensor spectrum = at::fft_fft2(surroundings, std::vector<int64_t>{height, width});
      at::Tensor pooled;
      for (const at::Tensor& kernel : kernels) {
        const at::Tensor response = part(at::fft_ifft2(spectrum * kernel))
                                        .narrow(0, down, window.length(plane.down))
                                        .narrow(1, along, window.length(plane.along));
        if (!pooled.defined())
          pooled = response;
        else if (pooling_ == Pooling::max)
          pooled = at::maximum(pooled, response);
        else
          pooled = pooling_ == Pooling::min ? at::minimum(pooled, response) : pooled + response;
      }
      if (pooling_ == Pooling::mean) pooled = pooled / static_cast<double>(kernels.size());
      sum.select(0, slice) += pooled;
    }
  }

  at::Tensor part(const at::Tensor& response) const {
    if (options_.response == GaborResponse::real) return at::real(response);
    return options_.response == GaborResponse::imaginary ? at::imag(response) : at::abs(response);
  }

  GaborFilter options_;
  Pooling pooling_;
  Boundary boundary_;
  std::vector<double> angles_;
  std::vector<Plane> planes_;
};

}  // namespace

std::unique_ptr<Filter> make_gabor(const config::Choice& choice) {
  return std::make_unique<Gabor>(choice.as<GaborFilter>());
}

}  // namespace photo51::radiomics
