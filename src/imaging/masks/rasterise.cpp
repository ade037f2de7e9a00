#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "imaging/masks/contour_planes.hpp"
#include "imaging/masks/grid.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

constexpr int64_t kMostSlices = 20000;

/// Slices from `first` on, also those outside the image, and the plane of each, -1 for none.
struct Slices {
  int64_t first = 0;
  std::vector<int64_t> plane;
};

/// A plane stands for the slab about it, which holds as many slices as it is thick: of two slices that it
/// reaches to within the last bits, the upper one is not its own.
Slices planes_of_slices(const std::vector<Plane>& planes, const Structure& structure, const Geometry& grid,
                        std::vector<std::string>& warnings) {
  double worst = 0;
  for (const Plane& plane : planes) worst = std::max(worst, std::abs(plane.at - std::round(plane.at)));
  const bool on_slices = worst * grid.spacing[2] < 0.1 || worst < 0.05;
  const double reach = on_slices ? 0.5 : std::max(0.5, usual_gap(planes) / 2);
  if (!on_slices)
    warnings.push_back("the contours of ROI `" + structure.name + "` lie up to " +
                       core::format_fixed(worst * grid.spacing[2], 2) +
                       " mm off the image's slices; each slice took the nearest contours");
  const double low = std::floor(planes.front().at - reach), high = std::ceil(planes.back().at + reach);
  if (!(std::abs(low) < kMostSlices && std::abs(high) < kMostSlices + static_cast<double>(grid.size[2])))
    core::fail_data("ROI `" + structure.name +
                    "` lies outside the image; name the image that it was drawn on");
  Slices slices;
  slices.first = std::min<int64_t>(0, static_cast<int64_t>(low));
  const int64_t end = std::max(grid.size[2], static_cast<int64_t>(high) + 1);
  constexpr double kBits = 1e-6;
  for (int64_t k = slices.first; k < end; ++k) {
    int64_t chosen = -1;
    double nearest = std::numeric_limits<double>::infinity();
    // Of planes in order, the nearest are those right below and above.
    const auto upper = std::ranges::upper_bound(planes, static_cast<double>(k), {}, &Plane::at);
    const auto next = static_cast<int64_t>(upper - planes.begin());
    for (int64_t p = std::max<int64_t>(next - 1, 0); p < std::min(next + 1, std::ssize(planes)); ++p) {
      const double above = static_cast<double>(k) - planes[static_cast<size_t>(p)].at;
      if (above < -reach - kBits || above >= reach - kBits || std::abs(above) >= nearest) continue;
      nearest = std::abs(above);
      chosen = p;
    }
    slices.plane.push_back(chosen);
  }
  return slices;
}

void warn_of_empty_slices(const Slices& slices, const Geometry& grid, std::vector<std::string>& warnings) {
  const auto begin = slices.plane.begin() - slices.first;
  const std::vector<int64_t> chosen(begin, begin + grid.size[2]);
  const auto drawn = [](int64_t plane) { return plane >= 0; };
  const auto first = std::ranges::find_if(chosen, drawn);
  const auto last = std::find_if(chosen.rbegin(), chosen.rend(), drawn).base();
  const auto empty = std::count(first, std::max(first, last), -1);
  if (empty > 0)
    warnings.push_back(std::to_string(empty) + " slice(s) between contours have none and stay empty");
}

/// What is odd about contours, said once however many planes have it.
void warn_of_contours(const Structure& structure, const std::vector<std::string>& odd,
                      std::vector<std::string>& warnings) {
  if (structure.degenerate > 0)
    warnings.push_back(std::to_string(structure.degenerate) + " contour(s) of ROI `" + structure.name +
                       "` have fewer than three points and are left out");
  if (!odd.empty())
    warnings.push_back(
        "ROI `" + structure.name + "`: " + odd[0] +
        (odd.size() > 1 ? ", and so on in " + std::to_string(odd.size() - 1) + " more places" : ""));
}

/// Copies what lies in the image; counts the rest.
int64_t put(const PixelWindow& window, int64_t width, int64_t height, uint8_t* slice) {
  int64_t lost = 0;
  const uint8_t* pixel = window.inside.data();
  for (int64_t y = window.y; y < window.y + window.height; ++y)
    for (int64_t x = window.x; x < window.x + window.width; ++x, ++pixel) {
      if (*pixel == 0) continue;
      if (slice != nullptr && x >= 0 && x < width && y >= 0 && y < height)
        slice[y * width + x] = 1;
      else
        ++lost;
    }
  return lost;
}

/// A grid for the contours alone: fine pixels in the first one's plane, slices as far apart as planes are;
/// nothing when the first encloses nothing.
std::optional<Geometry> own_grid(const Structure& structure) {
  const auto& points = structure.contours[0].points;
  std::array<double, 3> normal{};
  for (size_t i = 0; i < points.size(); ++i) {
    const auto &a = points[i], &b = points[(i + 1) % points.size()];
    for (size_t k = 0; k < 3; ++k)
      normal[k] += (a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3]) / 2;
  }
  const double length = std::hypot(normal[0], normal[1], normal[2]);
  if (!(length > 0)) return {};
  for (double& n : normal) n /= length;
  const auto smallest = static_cast<size_t>(
      std::ranges::min_element(normal, {}, [](double n) { return std::abs(n); }) - normal.begin());
  // Perpendicular to the normal and to the axis that it is farthest from.
  std::array<double, 3> u{};
  u[(smallest + 1) % 3] = normal[(smallest + 2) % 3];
  u[(smallest + 2) % 3] = -normal[(smallest + 1) % 3];
  const double across = std::hypot(u[0], u[1], u[2]);
  for (double& n : u) n /= across;
  const std::array<double, 3> v{normal[1] * u[2] - normal[2] * u[1], normal[2] * u[0] - normal[0] * u[2],
                                normal[0] * u[1] - normal[1] * u[0]};
  Geometry grid;
  for (size_t row = 0; row < 3; ++row) {
    grid.direction[3 * row] = u[row];
    grid.direction[3 * row + 1] = v[row];
    grid.direction[3 * row + 2] = normal[row];
  }
  return grid;
}

}  // namespace

at::Tensor rasterise(const Structure& structure, const Geometry& grid, const MaskOptions& options,
                     std::vector<std::string>& warnings) {
  if (!structure.damage.empty())
    core::fail_data(structure.damage + "; export the structure set again, or name another ROI");
  if (structure.contours.empty())
    core::fail_data("ROI `" + structure.name + "` has no closed contour" +
                    (structure.other_shapes > 0 ? ", only points or open lines" : "") +
                    (structure.degenerate > 0 ? " of three points or more" : "") + "; name another ROI");
  const std::vector<Plane> planes = planes_of(structure, grid);
  const Slices slices = planes_of_slices(planes, structure, grid, warnings);
  const int64_t width = grid.size[0], height = grid.size[1];
  at::Tensor mask = at::zeros({grid.size[2], height, width}, at::kByte);
  auto* voxels = mask.mutable_data_ptr<uint8_t>();
  std::vector<std::string> odd;
  // One plane at a time: the windows of all of them may be more than the image.
  PixelWindow window;
  size_t filled = 0;
  int64_t drawn = 0, lost = 0;
  double pixels = 0;
  const auto fill_next = [&] {
    window = fill(planes[filled++], odd);
    pixels += static_cast<double>(window.inside.size());
    require_within_limit(pixels, "the contours of ROI `" + structure.name + "` span " +
                                     core::format_number(pixels) + " pixels");
  };
  for (size_t i = 0; i < slices.plane.size(); ++i) {
    if (slices.plane[i] < 0) continue;
    const int64_t k = slices.first + static_cast<int64_t>(i);
    while (filled <= static_cast<size_t>(slices.plane[i])) fill_next();
    drawn += std::count(window.inside.begin(), window.inside.end(), uint8_t{1});
    lost += put(window, width, height, k >= 0 && k < grid.size[2] ? voxels + k * width * height : nullptr);
  }
  while (filled < planes.size()) fill_next();
  const double voxel = grid.spacing[0] * grid.spacing[1] * grid.spacing[2] * std::abs(grid.handedness());
  core::with_context("ROI `" + structure.name + "`", [&] {
    if (drawn == 0)
      core::fail_data("its contours enclose no voxel's centre; use an image with smaller voxels");
    judge_outside(static_cast<double>(lost) * voxel, static_cast<double>(drawn) * voxel, "the image", options,
                  warnings);
  });
  warn_of_contours(structure, odd, warnings);
  warn_of_empty_slices(slices, grid, warnings);
  return mask;
}

double enclosed_mm3(const Structure& structure) {
  constexpr double kPixels = 500, kAllPixels = 1e9, kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (structure.contours.empty()) return 0;
  try {
    const std::optional<Geometry> own = own_grid(structure);
    if (!own) return kUnknown;
    Geometry grid = *own;
    const std::vector<Plane> coarse = planes_of(structure, grid);
    const double gap = usual_gap(coarse);
    if (coarse.size() < 2 || !(gap > 0)) return kUnknown;
    std::array<double, 2> low{1e300, 1e300}, high{-1e300, -1e300};
    for (const Plane& plane : coarse)
      for (const auto& polygon : plane.contours)
        for (const auto& point : polygon.points)
          for (size_t i = 0; i < 2; ++i) {
            low[i] = std::min(low[i], point[i]);
            high[i] = std::max(high[i], point[i]);
          }
    // Of thousands of planes each may be coarser.
    const double across = std::min(kPixels, std::sqrt(kAllPixels / static_cast<double>(coarse.size())));
    const double pixel = std::max(high[0] - low[0], high[1] - low[1]) / across;
    grid.spacing = {pixel, pixel, gap};
    for (size_t row = 0; row < 3; ++row)
      grid.origin[row] = grid.direction[3 * row] * (low[0] + pixel / 2) +
                         grid.direction[3 * row + 1] * (low[1] + pixel / 2) +
                         grid.direction[3 * row + 2] * coarse.front().at;
    std::vector<std::string> odd;
    int64_t pixels = 0;
    for (const Plane& plane : planes_of(structure, grid)) {
      const PixelWindow window = fill(plane, odd);
      pixels += std::count(window.inside.begin(), window.inside.end(), uint8_t{1});
    }
    return static_cast<double>(pixels) * pixel * pixel * gap;
  } catch (const core::Error&) {
    return kUnknown;
  }
}

}  // namespace photo51::imaging
