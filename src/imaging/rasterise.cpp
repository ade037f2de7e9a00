#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "imaging/structure_set.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

/// Contours of one plane in voxel coordinates.
struct Plane {
  double at = 0;  ///< along z
  std::vector<std::vector<std::array<double, 2>>> contours;
};

std::string mm(double value) {
  return core::format_fixed(value, 2) + " mm";
}

/// Planes in order. Points of a contour may leave their plane by a tenth of a slice: exports round.
std::vector<Plane> planes_of(const Structure& structure, const Geometry& grid) {
  std::vector<Plane> planes;
  for (const auto& points : structure.contours) {
    Plane plane;
    auto& polygon = plane.contours.emplace_back();
    double low = 0, high = 0;
    for (size_t i = 0; i < points.size(); ++i) {
      const auto index = grid.to_index(points[i]);
      polygon.push_back({index[0], index[1]});
      low = i == 0 ? index[2] : std::min(low, index[2]);
      high = i == 0 ? index[2] : std::max(high, index[2]);
    }
    if ((high - low) * grid.spacing[2] > std::max(0.1, 0.1 * grid.spacing[2]))
      core::fail_data("contours of ROI `" + structure.name + "` run across the image's slices (by " +
                      mm((high - low) * grid.spacing[2]) +
                      "); name the image that the structure set was drawn on");
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

/// Even-odd filling by rows: a pixel is inside when its centre is.
void fill(const Plane& plane, int64_t width, int64_t height, uint8_t* slice) {
  std::vector<std::vector<double>> crossings(static_cast<size_t>(height));
  for (const auto& polygon : plane.contours) {
    for (size_t i = 0; i < polygon.size(); ++i) {
      const auto &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
      const double low = std::min(a[1], b[1]), high = std::max(a[1], b[1]);
      const auto first = static_cast<int64_t>(std::max(0.0, std::ceil(low)));
      for (int64_t y = first; y < height && static_cast<double>(y) < high; ++y)
        crossings[static_cast<size_t>(y)].push_back(a[0] + (static_cast<double>(y) - a[1]) * (b[0] - a[0]) /
                                                               (b[1] - a[1]));
    }
  }
  for (int64_t y = 0; y < height; ++y) {
    auto& row = crossings[static_cast<size_t>(y)];
    std::ranges::sort(row);
    for (size_t i = 0; i + 1 < row.size(); i += 2) {
      const auto limit = static_cast<double>(width);
      const auto begin = static_cast<int64_t>(std::ceil(std::clamp(row[i], 0.0, limit)));
      const auto end = static_cast<int64_t>(std::ceil(std::clamp(row[i + 1], 0.0, limit)));
      for (int64_t x = begin; x < end; ++x) slice[y * width + x] = 1;
    }
  }
}

/// Median distance between planes, in slices.
double usual_gap(const std::vector<Plane>& planes) {
  std::vector<double> gaps;
  for (size_t i = 1; i < planes.size(); ++i) gaps.push_back(planes[i].at - planes[i - 1].at);
  if (gaps.empty()) return 1;
  std::ranges::sort(gaps);
  return gaps[gaps.size() / 2];
}

/// The plane of each slice, -1 for none.
std::vector<int64_t> plane_of_slice(const std::vector<Plane>& planes, const Geometry& grid,
                                    std::vector<std::string>& warnings) {
  double worst = 0;
  for (const Plane& plane : planes) worst = std::max(worst, std::abs(plane.at - std::round(plane.at)));
  const bool on_slices = worst * grid.spacing[2] < 0.1 || worst < 0.05;
  // Planes of another spacing stand for the slab about them.
  const double reach = on_slices ? 0.5 : std::max(0.5, usual_gap(planes) / 2) + 1e-6;
  if (!on_slices)
    warnings.push_back("the contours lie up to " + mm(worst * grid.spacing[2]) +
                       " off the image's slices; each slice took the nearest contours");
  std::vector<int64_t> chosen(static_cast<size_t>(grid.size[2]), -1);
  for (size_t k = 0; k < chosen.size(); ++k) {
    double nearest = reach;
    for (size_t p = 0; p < planes.size(); ++p) {
      const double away = std::abs(planes[p].at - static_cast<double>(k));
      if (away < nearest) nearest = away, chosen[k] = static_cast<int64_t>(p);
    }
  }
  return chosen;
}

void warn_of_empty_slices(const std::vector<int64_t>& chosen, std::vector<std::string>& warnings) {
  const auto drawn = [](int64_t plane) { return plane >= 0; };
  const auto first = std::ranges::find_if(chosen, drawn);
  const auto last = std::find_if(chosen.rbegin(), chosen.rend(), drawn).base();
  const auto empty = std::count(first, std::max(first, last), -1);
  if (empty > 0)
    warnings.push_back(std::to_string(empty) + " slice(s) between contours have none and stay empty");
}

}  // namespace

at::Tensor rasterise(const Structure& structure, const Geometry& grid, std::vector<std::string>& warnings) {
  if (structure.contours.empty())
    core::fail_data("ROI `" + structure.name + "` has no closed contour" +
                    (structure.other_shapes > 0 ? ", only points or open lines" : "") + "; name another ROI");
  const std::vector<Plane> planes = planes_of(structure, grid);
  const std::vector<int64_t> chosen = plane_of_slice(planes, grid, warnings);
  const int64_t width = grid.size[0], height = grid.size[1];
  at::Tensor mask = at::zeros({grid.size[2], height, width}, at::kByte);
  auto* voxels = mask.mutable_data_ptr<uint8_t>();
  bool any = false;
  for (size_t k = 0; k < chosen.size(); ++k) {
    if (chosen[k] < 0) continue;
    any = true;
    fill(planes[static_cast<size_t>(chosen[k])], width, height,
         voxels + static_cast<int64_t>(k) * width * height);
  }
  if (!any)
    core::fail_data("ROI `" + structure.name +
                    "` lies outside the image; name the image that it was drawn on");
  size_t outside = 0;
  for (const Plane& plane : planes)
    if (plane.at < -0.5 || plane.at > static_cast<double>(grid.size[2]) - 0.5) ++outside;
  if (outside > 0)
    warnings.push_back(std::to_string(outside) + " of " + std::to_string(planes.size()) + " planes of ROI `" +
                       structure.name + "` lie outside the image");
  warn_of_empty_slices(chosen, warnings);
  return mask;
}

}  // namespace photo51::imaging
