#include "photo51/preprocess/histopathology/tissue.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/slide/readable.hpp"
#include "photo51/ops/components.hpp"
#include "preprocess/mask2d/components.hpp"

namespace photo51::preprocess {
namespace {

/// Sums of 3 x 3 neighbourhoods divided by 9; the picture's edge repeats.
at::Tensor smoothed(const at::Tensor& picture) {
  const at::Tensor padded = at::replication_pad2d(picture.to(at::kFloat).unsqueeze(0), {1, 1, 1, 1});
  return at::avg_pool2d(padded, {3, 3}, {1, 1}).squeeze(0) / 255;
}

/// What is thresholded: between 0 and 1, larger in tissue.
at::Tensor contrast(const at::Tensor& rgb, TissueMethod method) {
  if (method == TissueMethod::saturation) {
    const at::Tensor high = rgb.amax(0), low = rgb.amin(0);
    return (high - low) / high.clamp_min(1.0 / 255);
  }
  return (-at::log10((rgb * 255 + 1) / 256)).mean(0).clamp(0, 1);
}

at::Tensor is_ink(const at::Tensor& rgb) {
  const at::Tensor colored = rgb.amax(0) - rgb.amin(0) > 0.1;
  return colored.logical_and(rgb[1] > rgb[0] + 0.02);
}

/// Otsu's threshold of what lies below `limit`, where that is two things of which the upper one covers more
/// than the blurred edges of what lies above; else `limit`.
double lower_threshold(const at::Tensor& value, const at::Tensor& good, double limit,
                       const TissueOptions& options, double pixel_area) {
  // The blurred rims of what lies above are neither glass nor faint tissue.
  const at::Tensor high = (value > limit).to(at::kFloat).unsqueeze(0);
  const at::Tensor far = at::max_pool2d(high, {5, 5}, {1, 1}, {2, 2}).squeeze(0) == 0;
  const at::Tensor rest = value.masked_select(good.logical_and(far));
  if (rest.numel() < 64) return limit;
  const double low = std::max(otsu_threshold(rest), options.bounds[0]);
  const at::Tensor glass = rest.masked_select(rest <= low), faint = rest.masked_select(rest > low);
  if (low >= limit || glass.numel() == 0 || faint.numel() == 0) return limit;
  const double gap = (faint.mean() - glass.mean()).item<double>();
  const double spread = glass.square().mean().item<double>() - std::pow(glass.mean().item<double>(), 2);
  const double within = (glass - glass.mean()).square().sum().item<double>() +
                        (faint - faint.mean()).square().sum().item<double>();
  const double total = (rest - rest.mean()).square().sum().item<double>();
  if (gap < 0.02 || gap < 4 * std::sqrt(std::max(spread, 0.0)) || within > 0.3 * total) return limit;
  // Edges are two or three pixels wide: what is left of the band without its rim is tissue.
  const at::Tensor band = good.logical_and(value > low).logical_and(value <= limit).to(at::kFloat);
  const at::Tensor core = 1 - at::max_pool2d((1 - band).unsqueeze(0), {5, 5}, {1, 1}, {2, 2});
  return core.sum().item<double>() * pixel_area >= std::max(options.min_area, pixel_area) ? low : limit;
}

int64_t count_of(const at::Tensor& mask) {
  return mask.sum().item<int64_t>();
}

std::string percent(double share) {
  return core::format_fixed(100 * share, 1) + "%";
}

}  // namespace

std::span<const std::string_view> enum_names(TissueMethod) {
  static constexpr std::array<std::string_view, 3> names{"saturation", "density", "none"};
  return names;
}

void describe(config::Fields& f, TissueOptions& o) {
  f("method", o.method,
    "how tissue is told from glass: Otsu's threshold of the saturation or of the optical density; none takes "
    "everything");
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
  f("pen", o.pen,
    "leave out green and blue ink: colored pixels with more green than red. For slides of H&E; blue and "
    "green "
    "stains (Masson, Alcian, Giemsa) look the same");
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
                     TissueFacts* facts) {
  if (picture.dim() != 3 || picture.size(0) != 3 || picture.scalar_type() != at::kByte ||
      picture.numel() == 0)
    core::fail_usage("tissue is looked for in uint8 [3, H, W]");
  TissueFacts found;
  if (options.method == TissueMethod::none) return at::ones({picture.size(1), picture.size(2)}, at::kBool);
  const at::Tensor rgb = smoothed(picture);
  const at::Tensor bright = rgb.amax(0) > options.black, value = contrast(rgb, options.method);
  const at::Tensor good = options.pen ? bright.logical_and(is_ink(rgb).logical_not()) : bright;
  found.threshold = options.threshold;
  if (found.threshold == 0) {
    const at::Tensor seen = value.masked_select(good);
    found.threshold = seen.numel() == 0
                          ? options.bounds[1]
                          : std::clamp(otsu_threshold(seen), options.bounds[0], options.bounds[1]);
    found.threshold = lower_threshold(value, good, found.threshold, options, pixel_area);
  }
  const at::Tensor colored = (value > found.threshold).logical_and_(bright);
  at::Tensor mask = colored.logical_and(good).contiguous();
  const int64_t before = count_of(mask);
  if (const int64_t all = count_of(colored); options.pen && all > 0)
    found.ink = 1 - static_cast<double>(before) / static_cast<double>(all);
  drop_pieces(mask, static_cast<int64_t>(std::ceil(options.min_area / pixel_area)));
  found.small_area = static_cast<double>(before - count_of(mask)) * pixel_area;
  ops::fill_holes(mask, static_cast<int64_t>(std::floor(options.max_hole / pixel_area)));
  if (facts != nullptr) *facts = found;
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
  if (options.method == TissueMethod::none) {
    found.mask = at::ones({size[1], size[0]}, at::kBool);
  } else {
    const at::Tensor picture = at::empty({3, size[1], size[0]}, at::kByte);
    found.damaged = imaging::read_readable(slide, found.step, picture);
    if (found.damaged.defined() && 4 * count_of(found.damaged) > found.damaged.numel())
      core::fail_data(
          slide.info().source + ": is damaged at " +
          percent(static_cast<double>(count_of(found.damaged)) / static_cast<double>(found.damaged.numel())) +
          " of its area, too much to look for tissue; copy the file again");
    found.mask = tissue_in(picture, options, pixel_area, &found.facts);
  }
  found.area = static_cast<double>(count_of(found.mask)) * pixel_area;
  if (found.facts.ink > 0.03)
    found.warnings.push_back(
        percent(found.facts.ink) +
        " of the colored area was left out as ink (tissue.pen); blue and green stains such "
        "as Masson's, Alcian blue and Giemsa look the same: set tissue.pen: false for them");
  if (found.damaged.defined())
    found.warnings.push_back(
        "is damaged at " +
        percent(static_cast<double>(count_of(found.damaged)) / static_cast<double>(found.damaged.numel())) +
        " of its area, where no tissue is looked for; copy the file again");
  return found;
}

}  // namespace photo51::preprocess
