#include <algorithm>
#include <numbers>

#include "radiomics/filters/separable.hpp"
#include "radiomics/filters/wavelets.hpp"
#include "radiomics/pyradiomics/image_types.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

struct Band {
  std::string letters;
  Patch patch;
};

/// The low and the high pass along one axis after the other, or the low ones alone.
class Transform {
 public:
  /// `single`: in float32, as PyWavelets transforms images that are.
  Transform(const WaveletImages& options, std::vector<int> axes, bool single)
      : axes_(std::move(axes)), single_(single) {
    std::vector<double> low = wavelet_low_pass(options.wavelet);
    if (single && options.wavelet.starts_with("coif")) {
      // PyWavelets keeps coiflets without their factor, which it applies in single precision.
      const auto root = std::numbers::sqrt2_v<float>;
      for (double& weight : low)
        weight = static_cast<double>(static_cast<float>(weight / std::numbers::sqrt2) * root);
    }
    low_ = convolving(low);
    high_ = convolving(wavelet_high_pass(low));
  }

  /// What a level reads for its bands on `window`.
  Window needs(const Grid& grid, const Window& window) const {
    Index3 radius{0, 0, 0};
    for (const int axis : axes_) radius[axis] = static_cast<int64_t>(low_.size() / 2);
    return inside(grown(window, radius), grid, Boundary::periodic);
  }

  std::vector<Band> bands(const Patch& patch, const Window& to) const {
    std::vector<Band> bands{{"", patch}};
    for (const int axis : axes_) {
      std::vector<Band> split;
      for (const Band& band : bands) {
        split.push_back({band.letters + "L", pass(band.patch, low_, axis, to)});
        split.push_back({band.letters + "H", pass(band.patch, high_, axis, to)});
      }
      bands = std::move(split);
    }
    return bands;
  }

  Patch approximation(Patch patch, const Window& to) const {
    for (const int axis : axes_) patch = pass(patch, low_, axis, to);
    return patch;
  }

 private:
  Patch pass(const Patch& patch, const Kernel& kernel, int axis, const Window& to) const {
    return correlate(patch, kernel, axis, to.begin[axis], to.end[axis], Boundary::periodic, single_);
  }

  std::vector<int> axes_;
  bool single_;
  Kernel low_, high_;
};

}  // namespace

std::vector<DerivedImage> wavelet_images(const Scene& scene, const Pyradiomics& settings) {
  const Patch& image = scene.image;
  const Window& window = scene.window;
  const WaveletImages& options = *settings.image_type.wavelet;
  std::vector<int> axes;
  for (int axis = 2; axis >= 0; --axis)
    if (!settings.force_2d || axis != settings.force_2d_dimension) axes.push_back(axis);
  const Transform transform(options, axes, scene.single);
  // An odd axis is closed to a ring with its first voxel once more.
  Grid even = image.image;
  for (int64_t& size : even.size) size += size % 2;
  const int64_t levels = options.start_level + options.level;
  std::vector<Window> windows(levels + 1, window);
  for (int64_t level = levels; level-- > 0;) windows[level] = transform.needs(even, windows[level + 1]);

  Patch patch{even, windows[0], values_around(image, windows[0], Boundary::periodic)};
  std::vector<DerivedImage> images;
  std::string name;
  for (int64_t level = 0; level < levels; ++level) {
    if (level < options.start_level) {
      patch = transform.approximation(std::move(patch), windows[level + 1]);
      continue;
    }
    const int64_t number = level - options.start_level + 1;
    name = "wavelet" + (number > 1 ? std::to_string(number) : "") + "-";
    std::vector<Band> bands = transform.bands(patch, windows[level + 1]);
    for (size_t i = 1; i < bands.size(); ++i)
      images.push_back(
          {name + bands[i].letters, options, values_around(bands[i].patch, window, Boundary::periodic)});
    patch = std::move(bands.front().patch);
  }
  images.push_back({name + std::string(axes.size(), 'L'), options, std::move(patch.values)});
  for (DerivedImage& one : images) one.single = scene.single;
  return images;
}

}  // namespace photo51::radiomics::pyradiomics
