#include "imaging/segmentation_grid.hpp"

#include <algorithm>
#include <cmath>

#include "imaging/dicom_image.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

constexpr int64_t kMostSlices = 20000;
constexpr double kMostVoxels = 4e9;

std::array<double, 6> orientation_of(DcmItem& dataset, size_t frame) {
  DcmItem* group = functional_group(dataset, frame, DCM_PlaneOrientationSequence);
  const auto axes = group ? numbers_of<6>(*group, DCM_ImageOrientationPatient) : std::nullopt;
  if (!axes)
    core::fail_data(
        "frame " + std::to_string(frame + 1) +
        " has no ImageOrientationPatient (0020,0037), so its place is not known; export it again");
  const auto& a = *axes;
  const double row = std::hypot(a[0], a[1], a[2]), column = std::hypot(a[3], a[4], a[5]);
  if (std::abs(row - 1) > 0.01 || std::abs(column - 1) > 0.01 ||
      std::abs(a[0] * a[3] + a[1] * a[4] + a[2] * a[5]) > 0.01)
    core::fail_data("ImageOrientationPatient (0020,0037) is not two perpendicular unit vectors");
  return *axes;
}

/// The distance between slices: as the file says, else the smallest gap.
double step_of(const std::vector<double>& at, std::optional<double> said, std::optional<double> thickness) {
  double smallest = 0;
  for (size_t i = 1; i < at.size(); ++i) {
    const double gap = at[i] - at[i - 1];
    if (gap > 1e-3 && (smallest == 0 || gap < smallest)) smallest = gap;
  }
  if (said && *said > 1e-3 && (smallest == 0 || *said < smallest * 1.01)) return *said;
  if (smallest > 0) return smallest;
  if (thickness && *thickness > 1e-3) return *thickness;
  core::fail_data(
      "neither SpacingBetweenSlices (0018,0088) nor SliceThickness (0018,0050) says how thick its one slice "
      "is; export it again");
}

}  // namespace

DcmItem* functional_group(DcmItem& dataset, size_t frame, const DcmTagKey& sequence) {
  if (DcmItem* own = item_of(dataset, DCM_PerFrameFunctionalGroupsSequence, frame))
    if (DcmItem* found = item_of(*own, sequence)) return found;
  DcmItem* shared = item_of(dataset, DCM_SharedFunctionalGroupsSequence);
  return shared != nullptr ? item_of(*shared, sequence) : nullptr;
}

int64_t slice_of(const Geometry& grid, const std::vector<double>& position) {
  return std::llround(grid.to_index({position[0], position[1], position[2]})[2]);
}

void place_frames(DcmItem& dataset, Segmentation& found) {
  const auto axes = orientation_of(dataset, 0);
  const auto normal = normal_of(axes);
  DcmItem* measures = functional_group(dataset, 0, DCM_PixelMeasuresSequence);
  const auto spacing = measures ? numbers_of<2>(*measures, DCM_PixelSpacing) : std::nullopt;
  if (!spacing || (*spacing)[0] <= 0 || (*spacing)[1] <= 0)
    core::fail_data("has no PixelSpacing (0028,0030), so the size of a voxel is not known; export it again");
  std::vector<double> at;
  for (size_t f = 0; f < found.places.size(); ++f) {
    const auto& p = found.places[f].position;
    if (p.size() != 3)
      core::fail_data("frame " + std::to_string(f + 1) +
                      " has no ImagePositionPatient (0020,0032), so its place is not known; export it again");
    const auto own = orientation_of(dataset, f);
    for (size_t i = 0; i < 6; ++i)
      if (std::abs(own[i] - axes[i]) > 1e-3)
        core::fail_data("frame " + std::to_string(f + 1) +
                        " is turned against the first; split the object by orientation");
    at.push_back(p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2]);
  }
  const auto first = static_cast<size_t>(std::ranges::min_element(at) - at.begin());
  std::vector<double> ordered = at;
  std::ranges::sort(ordered);
  const double step = step_of(ordered, number_of(*measures, DCM_SpacingBetweenSlices),
                              number_of(*measures, DCM_SliceThickness));
  Geometry& g = found.geometry;
  const auto& origin = found.places[first].position;
  const double slices = std::round((ordered.back() - ordered.front()) / step) + 1;
  const double plane = static_cast<double>(found.frames.size(1)) * static_cast<double>(found.frames.size(2));
  if (slices > kMostSlices || slices * plane > kMostVoxels)
    core::fail_data("its frames would span " + core::format_number(slices) +
                    " slices; their places are damaged, export it again");
  g.size = {found.frames.size(2), found.frames.size(1), static_cast<int64_t>(slices)};
  g.spacing = {(*spacing)[1], (*spacing)[0], step};
  g.origin = {origin[0], origin[1], origin[2]};
  for (size_t row = 0; row < 3; ++row) {
    g.direction[3 * row] = axes[row] + 0.0;
    g.direction[3 * row + 1] = axes[3 + row] + 0.0;
    g.direction[3 * row + 2] = normal[row] + 0.0;
  }
  for (size_t f = 0; f < found.places.size(); ++f) {
    const auto& p = found.places[f].position;
    const auto index = g.to_index({p[0], p[1], p[2]});
    const double off =
        std::max({std::abs(index[0]), std::abs(index[1]), std::abs(index[2] - std::round(index[2]))});
    if (off > 0.1)
      core::fail_data("frame " + std::to_string(f + 1) + " lies " + core::format_fixed(off, 2) +
                      " voxels off the grid of the others; export it again on one even grid");
  }
}

}  // namespace photo51::imaging
