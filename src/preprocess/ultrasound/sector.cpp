#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/preprocess/ultrasound/ultrasound.hpp"
#include "preprocess/ultrasound/planes.hpp"

namespace photo51::preprocess {
namespace {

constexpr int kNoise = 4;        ///< levels by which compression moves a flat area
constexpr int kColor = 24;       ///< colorfulness of what is not gray
constexpr uint8_t kWhite = 240;  ///< letters and lines; echoes are seldom so bright

/// Over all frames: the brightest value, how far it moves, how colorful it gets.
struct Summary {
  BytePlane bright, change, color;
};

Summary summary_of(const at::Tensor& frames) {
  Summary s{brightness(frames[0]), BytePlane(frames.size(2), frames.size(3)), colorfulness(frames[0])};
  BytePlane least = s.bright;
  for (int64_t t = 1; t < frames.size(0); ++t) {
    const BytePlane bright = brightness(frames[t]), color = colorfulness(frames[t]);
    for (size_t i = 0; i < bright.pixels.size(); ++i) {
      s.bright.pixels[i] = std::max(s.bright.pixels[i], bright.pixels[i]);
      least.pixels[i] = std::min(least.pixels[i], bright.pixels[i]);
      s.color.pixels[i] = std::max(s.color.pixels[i], color.pixels[i]);
    }
  }
  for (size_t i = 0; i < least.pixels.size(); ++i)
    s.change.pixels[i] = static_cast<uint8_t>(s.bright.pixels[i] - least.pixels[i]);
  return s;
}

/// Pixels that may be echo: not background, not drawn, and moving when there is more than one frame.
BytePlane echoes_of(const Summary& s, const Background& background, bool moving) {
  const BytePlane high = local_max(s.bright, 2, 2), low = local_min(s.bright, 2, 2);
  const BytePlane flat_high = local_max(s.bright, 1, 1), flat_low = local_min(s.bright, 1, 1);
  BytePlane echoes(s.bright.height, s.bright.width);
  for (size_t i = 0; i < echoes.pixels.size(); ++i) {
    const int level = s.bright.pixels[i];
    bool is_background = std::abs(level - background.level) <= background.tolerance;
    if (background.tolerance > 0) is_background = is_background && high.pixels[i] - low.pixels[i] <= kNoise;
    const bool still = moving && s.change.pixels[i] < kNoise;
    // Banners and buttons are one flat color; flow never is.
    const bool banner = s.color.pixels[i] > kColor && flat_high.pixels[i] - flat_low.pixels[i] <= 2;
    const bool drawn = s.color.pixels[i] <= kColor && level >= kWhite;
    echoes.pixels[i] = is_background || still || banner || drawn ? 0 : 1;
  }
  return echoes;
}

/// Least squares of y = a u^2 + b u + c over the points of `use`; nothing when they do not determine it.
std::optional<std::array<double, 3>> parabola(const std::vector<double>& u, const std::vector<double>& y,
                                              const std::vector<bool>& use) {
  std::array<double, 5> m{};
  std::array<double, 3> r{};
  for (size_t i = 0; i < u.size(); ++i) {
    if (!use[i]) continue;
    double power = 1;
    for (size_t k = 0; k < 5; ++k, power *= u[i]) {
      m[k] += power;
      if (k < 3) r[k] += power * y[i];
    }
  }
  const auto det = [](double a, double b, double c, double d, double e, double f, double g, double h,
                      double i) { return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g); };
  const double all = det(m[4], m[3], m[2], m[3], m[2], m[1], m[2], m[1], m[0]);
  if (std::abs(all) < 1e-9) return {};
  return std::array<double, 3>{det(r[2], m[3], m[2], r[1], m[2], m[1], r[0], m[1], m[0]) / all,
                               det(m[4], r[2], m[2], m[3], r[1], m[1], m[2], r[0], m[0]) / all,
                               det(m[4], m[3], r[2], m[3], m[2], r[1], m[2], m[1], r[0]) / all};
}

std::vector<double> tops_of(const BytePlane& mask, int64_t x0, int64_t x1) {
  std::vector<double> tops;
  for (int64_t x = x0; x < x1; ++x) {
    int64_t y = 0;
    while (y < mask.height && mask.at(y, x) == 0) ++y;
    tops.push_back(y == mask.height ? -1 : static_cast<double>(y));
  }
  return tops;
}

/// A curved array leaves a dip in the middle of the sector's upper edge, which the hull has bridged. When the
/// area's own upper edge dips like a parabola there, the hull is cut along it.
void cut_probe_face(const BytePlane& area, BytePlane& hull) {
  const PixelBox box = hull.box();
  const std::vector<double> own = tops_of(area, box.x0, box.x1), bridged = tops_of(hull, box.x0, box.x1);
  std::vector<double> dip(own.size(), 0);
  for (size_t i = 0; i < own.size(); ++i)
    if (own[i] >= 0) dip[i] = own[i] - bridged[i];
  const auto deepest = static_cast<size_t>(std::ranges::max_element(dip) - dip.begin());
  const auto height = static_cast<double>(box.y1 - box.y0);
  if (dip[deepest] <= 0.03 * height) return;
  size_t from = deepest, to = deepest;
  while (from > 0 && dip[from - 1] > 0) --from;
  while (to + 1 < dip.size() && dip[to + 1] > 0) ++to;
  if (to - from < 10 || to - from < dip.size() / 10) return;

  std::vector<double> u, y;
  std::vector<bool> use;
  for (size_t i = from; i <= to; ++i) {
    u.push_back(2 * static_cast<double>(i - from) / static_cast<double>(to - from) - 1);
    y.push_back(own[i]);
    use.push_back(own[i] >= 0);
  }
  const double near = std::max(2.0, 0.02 * height);
  std::optional<std::array<double, 3>> arc;
  for (int round = 0; round < 6; ++round) {
    arc = parabola(u, y, use);
    if (!arc) return;
    for (size_t i = 0; i < u.size(); ++i)
      use[i] = y[i] >= 0 && std::abs(((*arc)[0] * u[i] + (*arc)[1]) * u[i] + (*arc)[2] - y[i]) < near;
  }
  const auto kept = std::count(use.begin(), use.end(), true);
  if (10 * kept < 7 * static_cast<int64_t>(use.size()) || (*arc)[0] >= 0) return;
  for (size_t i = from; i <= to; ++i) {
    const double v = u[i - from], edge = ((*arc)[0] * v + (*arc)[1]) * v + (*arc)[2];
    const auto last = std::min(hull.height, static_cast<int64_t>(std::ceil(edge)));
    for (int64_t row = 0; row < last; ++row) hull.at(row, box.x0 + static_cast<int64_t>(i)) = 0;
  }
}

}  // namespace

at::Tensor checked_frames(const at::Tensor& frames) {
  if (frames.dim() != 4 || frames.scalar_type() != at::kByte || frames.numel() == 0 ||
      (frames.size(1) != 1 && frames.size(1) != 3))
    core::fail_usage("frames of ultrasound are uint8 [T, 1 or 3, H, W], not " +
                     std::string(c10::toString(frames.scalar_type())) + " " + c10::str(frames.sizes()));
  return frames.contiguous();
}

BytePlane brightness(const at::Tensor& frame) {
  const at::Tensor pixels = frame.contiguous();
  BytePlane plane(pixels.size(1), pixels.size(2));
  const uint8_t* from = pixels.const_data_ptr<uint8_t>();
  const size_t count = plane.pixels.size();
  for (int64_t c = 0; c < pixels.size(0); ++c, from += count)
    for (size_t i = 0; i < count; ++i) plane.pixels[i] = std::max(plane.pixels[i], from[i]);
  return plane;
}

BytePlane colorfulness(const at::Tensor& frame) {
  const at::Tensor pixels = frame.contiguous();
  BytePlane plane(pixels.size(1), pixels.size(2));
  if (pixels.size(0) != 3) return plane;
  const uint8_t* from = pixels.const_data_ptr<uint8_t>();
  const size_t count = plane.pixels.size();
  for (size_t i = 0; i < count; ++i) {
    const auto [low, high] = std::minmax({from[i], from[count + i], from[2 * count + i]});
    plane.pixels[i] = static_cast<uint8_t>(high - low);
  }
  return plane;
}

Background background_of(const BytePlane& bright, bool exact) {
  constexpr size_t kDark = 64;
  const BytePlane high = local_max(bright, 2, 2), low = local_min(bright, 2, 2);
  std::vector<size_t> border;
  const int64_t h = bright.height, w = bright.width;
  for (int64_t x = 0; x < w; ++x) {
    border.push_back(static_cast<size_t>(x));
    border.push_back(static_cast<size_t>((h - 1) * w + x));
  }
  for (int64_t y = 1; y + 1 < h; ++y) {
    border.push_back(static_cast<size_t>(y * w));
    border.push_back(static_cast<size_t>(y * w + w - 1));
  }
  std::array<int64_t, kDark> levels{};
  int64_t dark = 0;
  for (const size_t i : border)
    if (bright.pixels[i] < kDark) ++levels[bright.pixels[i]], ++dark;
  const auto enough = [&](int64_t count) { return 50 * count >= static_cast<int64_t>(border.size()); };
  Background found;
  if (!enough(dark)) return found;
  found.level = static_cast<uint8_t>(std::ranges::max_element(levels) - levels.begin());
  int64_t flat = 0, still = 0;
  for (const size_t i : border) {
    if (std::abs(bright.pixels[i] - found.level) > kNoise || high.pixels[i] - low.pixels[i] > kNoise)
      continue;
    ++flat;
    if (high.pixels[i] == low.pixels[i]) ++still;
  }
  found.found = enough(flat);
  found.tolerance = exact && 100 * still >= 98 * flat ? 0 : kNoise;
  return found;
}

Sector find_sector(const at::Tensor& given) {
  const at::Tensor frames = checked_frames(given.dim() == 3 ? given.unsqueeze(0) : given);
  const bool moving = frames.size(0) > 1;
  const Summary summary = summary_of(frames);
  const Background background = background_of(summary.bright, !moving);
  const int64_t h = frames.size(2), w = frames.size(3);
  if (!background.found) {
    const auto [low, high] = std::ranges::minmax(summary.bright.pixels);
    if (low == high) core::fail_data("there is no scan to see: all pixels are " + std::to_string(low));
    return {BytePlane(h, w, 1).tensor(), {0, 0, h, w}};
  }
  const int64_t radius = std::max<int64_t>(1, std::min(h, w) / 120);
  const BytePlane dense = majority(echoes_of(summary, background, moving), radius + 1);
  BytePlane area = dilate(largest_component(erode(dense, radius)), radius);
  if (area.count() == 0)
    core::fail_data(moving ? "there is no scan to see: nothing in the picture moves"
                           : "there is no scan to see: the picture holds background and drawing alone");
  fill_holes(area);
  BytePlane hull = convex_hull(area);
  cut_probe_face(area, hull);
  return {hull.tensor(), hull.box()};
}

}  // namespace photo51::preprocess
