#include "imaging/masks/contour_planes.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

constexpr double kMostPixels = 2e8, kMostSide = 1e5;
/// Of the steps that filling one plane takes: what is beyond is no drawing.
constexpr double kMostSteps = 2e9;
/// Part of a contour inside another from which on it was meant as a hole.
constexpr double kHole = 0.9;
/// By how much the areas of contours may differ that say the same.
constexpr double kSame = 0.01;

double area_of(const std::vector<std::array<double, 2>>& points) {
  double sum = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const auto &a = points[i], &b = points[(i + 1) % points.size()];
    sum += a[0] * b[1] - a[1] * b[0];
  }
  return std::abs(sum) / 2;
}

PixelWindow window_of(const Plane& plane) {
  std::array<double, 2> low{1e300, 1e300}, high{-1e300, -1e300};
  for (const auto& polygon : plane.contours)
    for (const auto& point : polygon.points)
      for (size_t i = 0; i < 2; ++i) {
        low[i] = std::min(low[i], point[i]);
        high[i] = std::max(high[i], point[i]);
      }
  const double width = std::ceil(high[0]) - std::floor(low[0]) + 1;
  const double height = std::ceil(high[1]) - std::floor(low[1]) + 1;
  if (!(width * height <= kMostPixels && std::max(width, height) <= kMostSide && std::abs(low[0]) < 1e9 &&
        std::abs(low[1]) < 1e9))
    core::fail_data("contours span " + core::format_number(width) + " x " + core::format_number(height) +
                    " pixels of the image; their coordinates are damaged, export the structure set again");
  PixelWindow window;
  window.x = static_cast<int64_t>(std::floor(low[0]));
  window.y = static_cast<int64_t>(std::floor(low[1]));
  window.width = static_cast<int64_t>(width);
  window.height = static_cast<int64_t>(height);
  window.inside.assign(static_cast<size_t>(window.width * window.height), 0);
  return window;
}

void require_steps(double steps, const Plane& plane) {
  if (steps <= kMostSteps) return;
  core::fail_data("a plane has " + std::to_string(plane.contours.size()) +
                  " contours, which cross each other or the image's rows too often to be filled; export the "
                  "structure set again");
}

/// A row of pixels that lie inside one polygon.
struct Run {
  size_t begin, end;  ///< in the window
};

/// Even-odd filling by rows: a pixel is inside when its centre is, so keyholes stay open.
std::vector<Run> runs_of(const std::vector<std::array<double, 2>>& points, const PixelWindow& window) {
  std::vector<std::vector<double>> crossings(static_cast<size_t>(window.height));
  const auto x0 = static_cast<double>(window.x), y0 = static_cast<double>(window.y);
  for (size_t i = 0; i < points.size(); ++i) {
    const auto &a = points[i], &b = points[(i + 1) % points.size()];
    const double low = std::min(a[1], b[1]) - y0, high = std::max(a[1], b[1]) - y0;
    for (auto y = static_cast<int64_t>(std::max(0.0, std::ceil(low)));
         y < window.height && static_cast<double>(y) < high; ++y)
      crossings[static_cast<size_t>(y)].push_back(a[0] + (static_cast<double>(y) + y0 - a[1]) *
                                                             (b[0] - a[0]) / (b[1] - a[1]));
  }
  std::vector<Run> runs;
  for (size_t y = 0; y < crossings.size(); ++y) {
    auto& row = crossings[y];
    std::ranges::sort(row);
    const size_t start = y * static_cast<size_t>(window.width);
    for (size_t i = 0; i + 1 < row.size(); i += 2) {
      const auto limit = static_cast<double>(window.width);
      const auto begin = static_cast<size_t>(std::clamp(std::ceil(row[i]) - x0, 0.0, limit));
      const auto end = static_cast<size_t>(std::clamp(std::ceil(row[i + 1]) - x0, 0.0, limit));
      if (end > begin) runs.push_back({start + begin, start + end});
    }
  }
  return runs;
}

struct Drawn {
  const Plane::Polygon* polygon;
  std::vector<Run> runs;
  double area = 0;

  size_t pixels() const {
    return std::accumulate(runs.begin(), runs.end(), size_t{0},
                           [](size_t sum, const Run& run) { return sum + run.end - run.begin; });
  }
  bool same_as(const Drawn& other) const {
    return std::abs(area - other.area) <= kSame * area &&
           std::ranges::equal(runs, other.runs, [](const Run& a, const Run& b) {
             return a.begin == b.begin && a.end == b.end;
           });
  }
  std::string name() const { return "contour " + std::to_string(polygon->number); }
};

void toggle(const Drawn& drawn, std::vector<uint8_t>& inside) {
  for (const Run& run : drawn.runs)
    for (size_t i = run.begin; i < run.end; ++i) inside[i] ^= 1;
}

void paint(const Drawn& drawn, uint8_t value, std::vector<uint8_t>& inside) {
  for (const Run& run : drawn.runs)
    std::fill(inside.begin() + static_cast<std::ptrdiff_t>(run.begin),
              inside.begin() + static_cast<std::ptrdiff_t>(run.end), value);
}

/// Pixels that two have in common.
size_t shared(const Drawn& a, const Drawn& b) {
  size_t count = 0;
  for (auto i = a.runs.begin(), k = b.runs.begin(); i != a.runs.end() && k != b.runs.end();) {
    const size_t begin = std::max(i->begin, k->begin), end = std::min(i->end, k->end);
    if (end > begin) count += end - begin;
    (i->end < k->end ? i : k)++;
  }
  return count;
}

}  // namespace

std::vector<Plane> planes_of(const Structure& structure, const Geometry& grid) {
  std::vector<Plane> planes;
  for (const Contour& contour : structure.contours) {
    Plane plane;
    auto& polygon = plane.contours.emplace_back();
    polygon.number = contour.number;
    polygon.exclusive = contour.exclusive;
    double low = 0, high = 0;
    for (const auto& point : contour.points) {
      const auto index = grid.to_index(point);
      low = polygon.points.empty() ? index[2] : std::min(low, index[2]);
      high = polygon.points.empty() ? index[2] : std::max(high, index[2]);
      polygon.points.push_back({index[0], index[1]});
    }
    if ((high - low) * grid.spacing[2] > std::max(0.1, 0.1 * grid.spacing[2]))
      core::fail_data("contours of ROI `" + structure.name + "` run across the image's slices (by " +
                      core::format_fixed((high - low) * grid.spacing[2], 2) +
                      " mm); name the image that the structure set was drawn on");
    plane.at = (low + high) / 2;
    planes.push_back(std::move(plane));
  }
  std::ranges::stable_sort(planes, {}, &Plane::at);
  std::vector<Plane> merged;
  for (Plane& plane : planes) {
    if (!merged.empty() && plane.at - merged.back().at < 0.02)
      merged.back().contours.push_back(std::move(plane.contours[0]));
    else
      merged.push_back(std::move(plane));
  }
  return merged;
}

double usual_gap(const std::vector<Plane>& planes) {
  std::vector<double> gaps;
  for (size_t i = 1; i < planes.size(); ++i) gaps.push_back(planes[i].at - planes[i - 1].at);
  if (gaps.empty()) return 1;
  std::ranges::sort(gaps);
  return gaps[gaps.size() / 2];
}

PixelWindow fill(const Plane& plane, std::vector<std::string>& odd) {
  PixelWindow window = window_of(plane);
  std::vector<Drawn> all;
  const auto contours = static_cast<double>(plane.contours.size());
  double rows = contours * static_cast<double>(window.height);
  for (const auto& polygon : plane.contours)
    for (size_t i = 1; i < polygon.points.size(); ++i)
      rows += std::abs(polygon.points[i][1] - polygon.points[i - 1][1]);
  require_steps(rows, plane);
  for (const auto& polygon : plane.contours)
    all.push_back({&polygon, runs_of(polygon.points, window), area_of(polygon.points)});
  double runs = 0;
  for (const Drawn& one : all) runs += static_cast<double>(one.runs.size());
  require_steps(contours * runs, plane);
  // What lies within another contour comes after it.
  std::ranges::stable_sort(all, std::greater<>(), &Drawn::area);
  std::vector<const Drawn*> before;
  for (const Drawn& one : all) {
    if (one.polygon->exclusive) {
      toggle(one, window.inside);
      continue;
    }
    const auto pixels = static_cast<double>(one.pixels());
    if (pixels == 0) continue;
    size_t around = 0;
    const Drawn *twin = nullptr, *crossed = nullptr;
    for (const Drawn* other : before) {
      if (one.same_as(*other)) twin = other;
      const auto common = static_cast<double>(shared(one, *other));
      if (common > kHole * pixels) ++around;
      if (common > 0 && common < pixels) crossed = other;
    }
    if (twin != nullptr) {
      odd.push_back(twin->name() + " and " + one.name() + " are the same and count once");
      continue;
    }
    if (crossed != nullptr)
      odd.push_back(crossed->name() + " and " + one.name() + " cross and are " +
                    (around % 2 == 1 ? "taken as a hole in the region" : "united"));
    paint(one, around % 2 == 0 ? 1 : 0, window.inside);
    before.push_back(&one);
  }
  return window;
}

}  // namespace photo51::imaging
