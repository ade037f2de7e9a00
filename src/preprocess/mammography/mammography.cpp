#include "photo51/preprocess/mammography/mammography.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "preprocess/mask2d/mask.hpp"

namespace photo51::preprocess {
namespace {

constexpr size_t kLevels = 256;
/// Levels from here on are burnt out: tape, labels, the light box beside the film.
constexpr uint8_t kBurnt = 250;

/// A picture as gray levels 0..255 between its minimum and the value that one pixel in a thousand exceeds.
struct Levels {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> level;
  std::vector<int64_t> histogram = std::vector<int64_t>(kLevels, 0);
};

at::Tensor plane_of(const at::Tensor& image) {
  if (image.dim() < 2 || image.dim() > 4 || image.numel() == 0)
    core::fail_usage("a mammogram is [H, W], [C, H, W] or [C, D, H, W], not " + c10::str(image.sizes()));
  at::Tensor plane = image;
  while (plane.dim() > 2) plane = plane.amax(0);
  return plane.to(at::kFloat).contiguous();
}

Levels levels_of(const at::Tensor& plane) {
  Levels made{plane.size(0), plane.size(1), std::vector<uint8_t>(static_cast<size_t>(plane.numel()))};
  const float* from = plane.const_data_ptr<float>();
  const auto count = static_cast<size_t>(plane.numel());
  const auto [least, most] = std::minmax_element(from, from + count);
  if (!(*most > *least) || !std::isfinite(*most - *least))
    core::fail_data("there is no breast to see: " +
                    std::string(std::isfinite(*most - *least)
                                    ? "all pixels are " + core::format_number(*least)
                                    : "pixels are NaN or infinite"));
  // Fine bins first, to see where the thousandth part begins.
  constexpr size_t kFine = 65536;
  std::vector<int64_t> fine(kFine, 0);
  const float low = *least, step = (kFine - 1) / (*most - low);
  for (size_t i = 0; i < count; ++i) ++fine[static_cast<size_t>((from[i] - low) * step)];
  size_t top = kFine - 1;
  for (int64_t above = fine[top]; top > 1 && above * 1000 < static_cast<int64_t>(count);
       above += fine[--top]) {
  }
  const float scale = step * 255.0F / static_cast<float>(top);
  for (size_t i = 0; i < count; ++i) {
    made.level[i] = static_cast<uint8_t>(std::min(255.0F, (from[i] - low) * scale));
    ++made.histogram[made.level[i]];
  }
  return made;
}

/// Otsu's threshold of the levels above `floor` on their square roots: film darkens toward black.
size_t tissue_threshold(const std::vector<int64_t>& histogram, size_t floor) {
  std::vector<int64_t> roots(kLevels, 0);
  const auto root = [](size_t level) {
    return static_cast<size_t>(std::sqrt(static_cast<double>(level) / 255) * 255);
  };
  for (size_t i = floor + 1; i < kLevels; ++i) roots[root(i)] += histogram[i];
  const auto at = static_cast<double>(otsu_threshold(roots)) / 255;
  return static_cast<size_t>(at * at * 255);
}

/// The last level of the air. Two darks may lie in the picture: padding around a film, and the unexposed film
/// itself. The first is where the histogram's main dark peak ends. When the levels between it and the tissue
/// peak near their lower end, that peak is film, and its end is taken.
size_t air_ends(std::vector<int64_t> histogram) {
  std::fill(histogram.begin() + kBurnt, histogram.end(), 0);
  const size_t padding = triangle_threshold(histogram);
  const size_t tissue = tissue_threshold(histogram, padding);
  if (tissue <= padding + 1) return padding;
  std::vector<int64_t> between(tissue + 1, 0);
  for (size_t i = padding + 1; i <= tissue; ++i)
    between[i] = histogram[i - 1] * (i > padding + 1 ? 1 : 0) + histogram[i] + histogram[i + 1];
  const auto film = static_cast<size_t>(std::ranges::max_element(between) - between.begin());
  if (2 * film >= padding + tissue) return padding;
  // The triangle method on the film's side of the tissue alone.
  std::fill(between.begin(), between.begin() + static_cast<int64_t>(film), 0);
  return triangle_threshold(between);
}

/// Burnt-out rectangles at the border: what lies beside the film.
void remove_frames(BytePlane& mask, const Levels& levels) {
  BytePlane burnt(levels.height, levels.width);
  for (size_t i = 0; i < burnt.pixels.size(); ++i) burnt.pixels[i] = levels.level[i] >= kBurnt ? 1 : 0;
  const Components found = components_of(burnt);
  std::vector<bool> frame;
  for (const Component& c : found.parts) {
    const PixelBox& b = c.box;
    const bool at_border = b.y0 == 0 || b.x0 == 0 || b.y1 == levels.height || b.x1 == levels.width;
    frame.push_back(at_border && c.pixels * 100 >= 70 * (b.y1 - b.y0) * (b.x1 - b.x0));
  }
  for (size_t i = 0; i < mask.pixels.size(); ++i)
    if (found.label[i] >= 0 && frame[static_cast<size_t>(found.label[i])]) mask.pixels[i] = 0;
}

/// Part of the rows whose first (or last) mask pixel lies within 1 % of the width of one vertical line.
double straight_share(const BytePlane& mask, const PixelBox& box, Side side) {
  std::vector<int64_t> ends(static_cast<size_t>(mask.width), 0);
  int64_t rows = 0;
  for (int64_t y = box.y0; y < box.y1; ++y) {
    int64_t x = side == Side::left ? box.x0 : box.x1 - 1;
    const int64_t step = side == Side::left ? 1 : -1;
    while (x >= box.x0 && x < box.x1 && mask.at(y, x) == 0) x += step;
    if (x < box.x0 || x >= box.x1) continue;
    ++ends[static_cast<size_t>(x)];
    ++rows;
  }
  const int64_t reach = std::max<int64_t>(2, std::lround(0.01 * static_cast<double>(mask.width)));
  int64_t most = 0;
  for (int64_t x = box.x0; x < box.x1; ++x) {
    int64_t near = 0;
    for (int64_t i = std::max(box.x0, x - reach); i <= std::min(box.x1 - 1, x + reach); ++i)
      near += ends[static_cast<size_t>(i)];
    most = std::max(most, near);
  }
  return rows == 0 ? 0 : static_cast<double>(most) / static_cast<double>(rows);
}

/// Median of the pixels outside, of at most some 65,000 evenly spread ones; the least pixel when all are
/// inside.
double usual_outside(const at::Tensor& plane, const BytePlane& mask) {
  const float* values = plane.const_data_ptr<float>();
  std::vector<float> outside;
  const size_t step = mask.pixels.size() / 65536 + 1;
  for (size_t i = 0; i < mask.pixels.size(); i += step)
    if (mask.pixels[i] == 0) outside.push_back(values[i]);
  if (outside.empty()) return *std::min_element(values, values + mask.pixels.size());
  const auto middle = outside.begin() + static_cast<int64_t>(outside.size() / 2);
  std::nth_element(outside.begin(), middle, outside.end());
  return *middle;
}

}  // namespace

std::span<const std::string_view> enum_names(FlipTo) {
  static constexpr std::array<std::string_view, 3> names{"none", "left", "right"};
  return names;
}

void describe(config::Fields& f, MammographyOptions& o) {
  f("flip_to", o.flip_to, "side of the picture that the chest wall gets, by mirroring; none leaves it");
  f("breast_crop", o.breast_crop, "keep only the breast's box");
  f("margin", o.margin, "breast_crop: around the box, as far as the picture reaches",
    {.min = 0, .unit = "pixels"});
  f("blank_background", o.blank_background, "labels, tape and film outside the breast become air");
}

Breast find_breast(const at::Tensor& image) {
  const at::Tensor plane = plane_of(image);
  const Levels levels = levels_of(plane);
  const size_t air = air_ends(levels.histogram);
  BytePlane mask(levels.height, levels.width);
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = levels.level[i] > air ? 1 : 0;
  remove_frames(mask, levels);
  // An opening cuts the bridges to labels; what it takes of the breast's outline comes back.
  const int64_t radius = std::max<int64_t>(1, std::min(levels.height, levels.width) / 256);
  const BytePlane core = largest_component(erode(mask, radius));
  const BytePlane around = dilate(core, radius);
  for (size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = mask.pixels[i] & around.pixels[i];
  fill_holes(mask);

  Breast breast;
  breast.pixels = mask.count();
  if (breast.pixels == 0) core::fail_data("there is no breast to see: no area is brighter than the air");
  breast.box = mask.box();
  const double left = straight_share(mask, breast.box, Side::left);
  const double right = straight_share(mask, breast.box, Side::right);
  breast.wall = left >= right ? Side::left : Side::right;
  breast.wall_share = std::max(left, right);
  breast.mask = mask.tensor();
  breast.air = usual_outside(plane, mask);
  return breast;
}

at::Tensor pose_mammogram(const at::Tensor& image, const Breast& breast, const MammographyOptions& options) {
  const int64_t h = breast.mask.size(0), w = breast.mask.size(1);
  if (image.dim() < 2 || image.size(-2) != h || image.size(-1) != w)
    core::fail_usage("the breast was found in " + std::to_string(w) + " x " + std::to_string(h) +
                     " pixels, not in " + c10::str(image.sizes()));
  at::Tensor posed = image;
  if (options.blank_background) posed = at::where(breast.mask.ne(0), posed, at::full_like(posed, breast.air));
  if (options.breast_crop) {
    const PixelBox& b = breast.box;
    const int64_t m = options.margin;
    const int64_t y0 = std::max<int64_t>(0, b.y0 - m), y1 = std::min(h, b.y1 + m);
    const int64_t x0 = std::max<int64_t>(0, b.x0 - m), x1 = std::min(w, b.x1 + m);
    posed = posed.narrow(-2, y0, y1 - y0).narrow(-1, x0, x1 - x0);
  }
  const bool mirror = (options.flip_to == FlipTo::left && breast.wall == Side::right) ||
                      (options.flip_to == FlipTo::right && breast.wall == Side::left);
  return (mirror ? at::flip(posed, {-1}) : posed).contiguous();
}

at::Tensor pose_mammogram(const at::Tensor& image, const MammographyOptions& options) {
  if (options.flip_to == FlipTo::none && !options.breast_crop && !options.blank_background) return image;
  return pose_mammogram(image, find_breast(image), options);
}

std::string wall_disagreement(const Breast& breast, const std::string& laterality) {
  const bool left = breast.wall == Side::left;
  if ((laterality != "L" && laterality != "R") || left == (laterality == "L")) return {};
  return "the chest wall lies at the picture's " + std::string(left ? "left" : "right") + " (" +
         core::format_number(std::round(100 * breast.wall_share)) + " % of its rows end there), but the " +
         (laterality == "L" ? "left" : "right") +
         " breast hangs with its wall at that side: the picture is mirrored or the laterality is wrong";
}

}  // namespace photo51::preprocess
