#include "photo51/preprocess/tissue.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "photo51/core/error.hpp"
#include "preprocess/pieces.hpp"

namespace photo51::preprocess {
namespace {

/// Sums of 3 x 3 neighbourhoods divided by 9; the picture's edge repeats.
at::Tensor smoothed(const at::Tensor& picture) {
  const at::Tensor padded = at::replication_pad2d(picture.to(at::kFloat).unsqueeze(0), {1, 1, 1, 1});
  return at::avg_pool2d(padded, {3, 3}, {1, 1}).squeeze(0) / 255;
}

/// What is thresholded: between 0 and 1, larger in tissue.
at::Tensor contrast(const at::Tensor& rgb, const std::string& method) {
  if (method == "saturation") {
    const at::Tensor high = rgb.amax(0), low = rgb.amin(0);
    return (high - low) / high.clamp_min(1.0 / 255);
  }
  return (-at::log10((rgb * 255 + 1) / 256)).mean(0).clamp(0, 1);
}

/// Neither a dark border nor ink.
at::Tensor is_dye(const at::Tensor& rgb, const TissueOptions& options) {
  at::Tensor good = rgb.amax(0) > options.black;
  if (options.pen) {
    const at::Tensor coloured = rgb.amax(0) - rgb.amin(0) > 0.1;
    good = good.logical_and(coloured.logical_and(rgb[1] > rgb[0] + 0.02).logical_not());
  }
  return good;
}

}  // namespace

void describe(config::Fields& f, TissueOptions& o) {
  f("method", o.method,
    "how tissue is told from glass: Otsu's threshold of the saturation or of the optical density; none takes "
    "everything",
    {.one_of = {"saturation", "density", "none"}});
  f("mpp", o.mpp, "pixel of the thumbnail that is looked at", {.min = 0.25, .max = 200, .unit = "um"});
  f("threshold", o.threshold, "fixed threshold of saturation (0..1) or optical density; 0 = Otsu's",
    {.min = 0, .max = 1});
  f("bounds", o.bounds,
    "Otsu's threshold is held between these, so that a slide of glass only or of tissue only is not split",
    {.min = 0, .max = 1});
  f.check(o.bounds[0] <= o.bounds[1], "bounds", "the first must not be above the second");
  f("black", o.black,
    "pixels with no channel above this (0..1) are border or black ink, not tissue; 0 = keep them",
    {.min = 0, .max = 1});
  f("pen", o.pen, "leave out green and blue ink: coloured pixels with more green than red");
  f("min_area", o.min_area, "smaller pieces of tissue are dropped", {.min = 0, .unit = "mm2"});
  f("max_hole", o.max_hole, "holes up to this are filled", {.min = 0, .unit = "mm2"});
}

double otsu_threshold(const at::Tensor& values) {
  const at::Tensor flat = values.contiguous();
  const float* value = flat.const_data_ptr<float>();
  std::array<double, 256> count{};
  for (int64_t i = 0; i < flat.numel(); ++i)
    ++count[static_cast<size_t>(std::clamp(value[i] * 255 + 0.5F, 0.0F, 255.0F))];
  double total = 0, sum = 0;
  for (size_t b = 0; b < 256; ++b) {
    total += count[b];
    sum += count[b] * static_cast<double>(b);
  }
  double below = 0, sum_below = 0, best = -1;
  size_t first = 0, last = 0;
  for (size_t b = 0; b < 255; ++b) {
    below += count[b];
    sum_below += count[b] * static_cast<double>(b);
    if (below == 0 || below == total) continue;
    const double gap = sum_below / below - (sum - sum_below) / (total - below);
    const double between = below * (total - below) * gap * gap;
    if (between > best * (1 + 1e-12)) {
      best = between;
      first = last = b;
    } else if (between >= best * (1 - 1e-12)) {
      last = b;  // empty bins: the middle of the gap
    }
  }
  return (static_cast<double>(first + last) / 2 + 0.5) / 255;
}

at::Tensor tissue_in(const at::Tensor& picture, const TissueOptions& options, double pixel_area,
                     double* threshold) {
  if (picture.dim() != 3 || picture.size(0) != 3 || picture.scalar_type() != at::kByte ||
      picture.numel() == 0)
    core::fail_usage("tissue is looked for in uint8 [3, H, W]");
  if (options.method == "none") return at::ones({picture.size(1), picture.size(2)}, at::kBool);
  const at::Tensor rgb = smoothed(picture);
  const at::Tensor value = contrast(rgb, options.method), good = is_dye(rgb, options);
  double limit = options.threshold;
  if (limit == 0) {
    const at::Tensor seen = value.masked_select(good);
    limit = seen.numel() == 0 ? options.bounds[1]
                              : std::clamp(otsu_threshold(seen), options.bounds[0], options.bounds[1]);
  }
  if (threshold != nullptr) *threshold = limit;
  at::Tensor mask = (value > limit).logical_and_(good).contiguous();
  drop_pieces(mask, static_cast<int64_t>(std::ceil(options.min_area / pixel_area)));
  fill_holes(mask, static_cast<int64_t>(std::floor(options.max_hole / pixel_area)));
  return mask;
}

TissueMask tissue_mask(const imaging::Slide& slide, const TissueOptions& options) {
  const auto mpp = slide.mpp();
  const imaging::SlideLevel& whole = slide.levels().front();
  TissueMask found;
  std::array<int64_t, 2> size{whole.width, whole.height};
  for (size_t axis = 0; axis < 2; ++axis) {
    const auto pixels = static_cast<double>(size[axis]);
    // Never finer than the slide, never more than 16384 pixels.
    const double step = std::max({1.0, options.mpp / mpp[axis], pixels / 16384});
    size[axis] = std::max<int64_t>(1, std::llround(pixels / step));
    found.step[axis] = pixels / static_cast<double>(size[axis]);
  }
  const double pixel_area = found.step[0] * mpp[0] * found.step[1] * mpp[1] * 1e-6;
  if (options.method == "none") {
    found.mask = at::ones({size[1], size[0]}, at::kBool);
  } else {
    const at::Tensor picture = at::empty({3, size[1], size[0]}, at::kByte);
    imaging::read_scaled(slide, 0, 0, found.step, picture, 1e-3);
    found.mask = tissue_in(picture, options, pixel_area, &found.threshold);
  }
  found.area = static_cast<double>(found.mask.sum().item<int64_t>()) * pixel_area;
  return found;
}

}  // namespace photo51::preprocess
