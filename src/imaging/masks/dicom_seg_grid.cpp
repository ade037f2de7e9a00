#include "imaging/masks/dicom_seg_grid.hpp"

#include <algorithm>
#include <cmath>

#include "imaging/dicom/image.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

constexpr int64_t kMostGridSlices = 20000;

std::array<double, 6> orientation_of(const FunctionalGroups& groups, size_t frame) {
  DcmItem* group = groups.find(frame, DCM_PlaneOrientationSequence);
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

/// The smallest gap between places in order; 0 when there is one place.
double smallest_gap(const std::vector<double>& at) {
  double smallest = 0;
  for (size_t i = 1; i < at.size(); ++i) {
    const double gap = at[i] - at[i - 1];
    if (gap > 1e-3 && (smallest == 0 || gap < smallest)) smallest = gap;
  }
  return smallest;
}

/// The distance between the image's slices when all frames lie on them.
std::optional<double> step_of_image(const Segmentation& found, const std::array<double, 3>& normal,
                                    const Geometry& image) {
  for (size_t axis = 0; axis < 3; ++axis) {
    double cosine = 0;
    for (size_t row = 0; row < 3; ++row) cosine += image.direction[3 * row + axis] * normal[row];
    if (std::abs(cosine) < 0.999) continue;
    for (const auto& frame : found.places) {
      const double at = image.to_index({frame.position[0], frame.position[1], frame.position[2]})[axis];
      if (std::abs(at - std::round(at)) > 0.1) return {};
    }
    return image.spacing[axis];
  }
  return {};
}

/// The distance between slices: that of the image's where frames lie on them, else as the file says, else the
/// smallest gap. Thickness alone says nothing: thick slices overlap.
double step_of(const std::vector<double>& at, std::optional<double> of_image, std::optional<double> said,
               std::optional<double> thickness, Segmentation& found) {
  const double smallest = smallest_gap(at);
  if (said && !(*said > 1e-3 && (smallest == 0 || *said < smallest * 1.01))) said.reset();
  if (of_image && (smallest == 0 || *of_image < smallest * 1.01) && (!said || *said > *of_image * 0.99))
    return *of_image;
  if (said) return *said;
  if (smallest > 0) {
    if (thickness && smallest > 1.5 * *thickness)
      found.warnings.push_back("its frames lie " + core::format_number(smallest) +
                               " mm apart, but slices are " + core::format_number(*thickness) +
                               " mm thick: frames in between may have been left out; name the image that it "
                               "was drawn on, whose slices say how far apart they are");
    return smallest;
  }
  found.step_known = false;
  return thickness && *thickness > 1e-3 ? *thickness : 1;
}

}  // namespace

FunctionalGroups::FunctionalGroups(DcmItem& dataset)
    : own_(items_of(dataset, DCM_PerFrameFunctionalGroupsSequence)),
      shared_(item_of(dataset, DCM_SharedFunctionalGroupsSequence)) {}

DcmItem* FunctionalGroups::find(size_t frame, const DcmTagKey& sequence) const {
  if (frame < own_.size())
    if (DcmItem* found = item_of(*own_[frame], sequence)) return found;
  return shared_ != nullptr ? item_of(*shared_, sequence) : nullptr;
}

int64_t slice_of(const Geometry& grid, const std::vector<double>& position) {
  return std::llround(grid.to_index({position[0], position[1], position[2]})[2]);
}

void place_frames(const FunctionalGroups& groups, Segmentation& found, const Geometry* image) {
  const auto axes = orientation_of(groups, 0);
  const auto normal = normal_of(axes);
  DcmItem* measures = groups.find(0, DCM_PixelMeasuresSequence);
  const auto spacing = measures ? numbers_of<2>(*measures, DCM_PixelSpacing) : std::nullopt;
  if (!spacing || std::min((*spacing)[0], (*spacing)[1]) <= 0 || std::max((*spacing)[0], (*spacing)[1]) > 1e6)
    core::fail_data("has no PixelSpacing (0028,0030), so the size of a voxel is not known; export it again");
  std::vector<double> at;
  for (size_t f = 0; f < found.places.size(); ++f) {
    const auto& p = found.places[f].position;
    if (p.size() != 3)
      core::fail_data("frame " + std::to_string(f + 1) +
                      " has no ImagePositionPatient (0020,0032), so its place is not known; export it again");
    const auto own = orientation_of(groups, f);
    for (size_t i = 0; i < 6; ++i)
      if (std::abs(own[i] - axes[i]) > 1e-3)
        core::fail_data("frame " + std::to_string(f + 1) +
                        " is turned against the first; split the object by orientation");
    at.push_back(p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2]);
  }
  const auto first = static_cast<size_t>(std::ranges::min_element(at) - at.begin());
  std::vector<double> ordered = at;
  std::ranges::sort(ordered);
  const double step = step_of(ordered, image != nullptr ? step_of_image(found, normal, *image) : std::nullopt,
                              number_of(*measures, DCM_SpacingBetweenSlices),
                              number_of(*measures, DCM_SliceThickness), found);
  Geometry& g = found.geometry;
  const auto& origin = found.places[first].position;
  const double slices = std::round((ordered.back() - ordered.front()) / step) + 1;
  const double plane = static_cast<double>(found.frames.size(1)) * static_cast<double>(found.frames.size(2));
  if (slices > kMostGridSlices)
    core::fail_data("its frames would span " + core::format_number(slices) +
                    " slices; their places are damaged, export it again");
  require_within_limit(slices * plane, "its frames would span " + core::format_number(slices) +
                                           " slices of " + std::to_string(found.frames.size(2)) + " x " +
                                           std::to_string(found.frames.size(1)) + " pixels");
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
