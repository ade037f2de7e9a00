#include "radiomics/pyradiomics/image_types.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "radiomics/filters/recursive_gaussian.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

double largest_magnitude(const Patch& image) {
  double most = 0;
  for (const double value : image.values) most = std::max(most, std::abs(value));
  return most;
}

/// What `of` makes of the voxels in `window`, one by one.
template <class Function>
std::vector<double> each(const Patch& image, const Window& window, Function of) {
  std::vector<double> values = values_around(image, window, Boundary::nearest);
  std::transform(values.begin(), values.end(), values.begin(), of);
  return values;
}

std::vector<double> square(const Patch& image, const Window& window) {
  const double scale = 1 / std::sqrt(largest_magnitude(image));
  return each(image, window, [=](double value) { return (scale * value) * (scale * value); });
}

std::vector<double> square_root(const Patch& image, const Window& window) {
  const double most = largest_magnitude(image);
  return each(image, window,
              [=](double value) { return std::copysign(std::sqrt(std::abs(value) * most), value); });
}

std::vector<double> logarithm(const Patch& image, const Window& window) {
  const double most = largest_magnitude(image), scale = most / std::log(most + 1);
  return each(image, window,
              [=](double value) { return std::copysign(std::log(std::abs(value) + 1), value) * scale; });
}

std::vector<double> exponential(const Patch& image, const Window& window) {
  const double most = largest_magnitude(image), scale = std::log(most) / most;
  return each(image, window, [=](double value) { return std::exp(scale * value); });
}

/// Central differences; the edge's voxel goes on beyond it. Rounded to float, as ITK's filter gives it.
std::vector<double> gradient(const Patch& image, const Window& window, bool use_spacing) {
  const Index3 around{1, 1, 1};
  const Window wide = grown(window, around);
  const std::vector<double> values = values_around(image, wide, Boundary::nearest);
  const Index3 strides{wide.length(1) * wide.length(2), wide.length(2), 1};
  std::vector<double> result;
  result.reserve(window.count());
  for (int64_t z = 1; z <= window.length(0); ++z) {
    for (int64_t y = 1; y <= window.length(1); ++y) {
      for (int64_t x = 1; x <= window.length(2); ++x) {
        const double* const at = values.data() + z * strides[0] + y * strides[1] + x;
        double sum = 0;
        for (int axis = 2; axis >= 0; --axis) {
          const double weight = 0.5 * (use_spacing ? 1 / image.image.spacing[axis] : 1);
          const double slope = at[strides[axis]] * weight - at[-strides[axis]] * weight;
          sum += slope * slope;
        }
        result.push_back(static_cast<double>(static_cast<float>(std::sqrt(sum))));
      }
    }
  }
  return result;
}

/// 3 becomes 3-0, 0.5 becomes 0-5.
std::string sigma_name(double sigma) {
  std::string text = core::format_number(sigma);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  std::replace(text.begin(), text.end(), '.', '-');
  return "log-sigma-" + text + "-mm-3D";
}

void append_log(std::vector<DerivedImage>& images, const Patch& image, const Window& window,
                const LogImages& options, const std::string& source) {
  constexpr int64_t kLeast = 4;  // voxels that the recursion starts from
  const Grid& grid = image.image;
  for (const double sigma : options.sigma) {
    for (int axis = 0; axis < 3; ++axis) {
      const auto wide = std::ceil(sigma / grid.spacing[axis]) + 1;
      if (grid.size[axis] < kLeast || static_cast<double>(grid.size[axis]) < wide)
        core::fail_data(source + ": `pyradiomics.imageType.LoG` with sigma " + core::format_number(sigma) +
                        " needs " + core::format_number(std::max<double>(kLeast, wide)) +
                        " voxels along each axis; an axis has " + std::to_string(grid.size[axis]));
    }
    images.push_back({sigma_name(sigma), options, recursive_log(image, sigma, window), true});
  }
}

}  // namespace

std::vector<DerivedImage> derived_images(const Scene& scene, const Pyradiomics& settings) {
  const ImageTypes& types = settings.image_type;
  const Patch& image = scene.image;
  const Window& window = scene.window;
  const bool finite = all_finite(image.values);
  if (!finite && (types.square || types.square_root || types.logarithm || types.exponential))
    core::fail_data(
        scene.source +
        ": intensities are not finite, which image types of `pyradiomics.imageType` that scale by the "
        "largest need everywhere");
  std::vector<DerivedImage> images;
  const auto append = [&](std::vector<DerivedImage> more) {
    std::move(more.begin(), more.end(), std::back_inserter(images));
  };
  if (types.log) append_log(images, image, window, *types.log, scene.source);
  if (types.wavelet) append(wavelet_images(scene, settings));
  if (types.square) images.push_back({"square", *types.square, square(image, window)});
  if (types.square_root) images.push_back({"squareroot", *types.square_root, square_root(image, window)});
  if (types.logarithm) images.push_back({"logarithm", *types.logarithm, logarithm(image, window)});
  if (types.exponential) images.push_back({"exponential", *types.exponential, exponential(image, window)});
  if (types.gradient)
    images.push_back(
        {"gradient", *types.gradient, gradient(image, window, types.gradient->use_spacing), true});
  if (types.lbp_2d) images.push_back(lbp_image(scene, settings));
  if (types.lbp_3d) append(spherical_lbp_images(scene, settings));
  for (const DerivedImage& one : images)
    for (const int64_t voxel : scene.region.voxels)
      if (!std::isfinite(one.values[voxel]))
        core::fail_data(scene.source + ": the image type `" + one.name + "` " +
                        (!finite ? "looks at intensities that are not finite"
                         : one.name.starts_with("lbp")
                             ? "is not defined where intensities around a voxel are all the same"
                             : "has no scale for intensities that are all 0"));
  return images;
}

}  // namespace photo51::radiomics::pyradiomics
