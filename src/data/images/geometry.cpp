#include "data/images/geometry.hpp"

#include <algorithm>
#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::data {
namespace {

/// How readers say of a format that need not place an image that it does not.
constexpr const char* no_spacing = "the file does not say how large a voxel is";
constexpr const char* no_orientation = "the file does not say which way its axes point in the patient";
constexpr const char* a_picture = "a picture file says neither ";

void forget(std::vector<std::string>& warnings, const std::string& start) {
  std::erase_if(warnings, [&](const std::string& text) { return text.starts_with(start); });
}

/// A grid whose places go where `point` says; what it says must be affine.
template <class Point>
imaging::Geometry moved_to(const imaging::Geometry& grid, Point point) {
  imaging::Geometry result = grid;
  result.origin = point(grid.origin);
  for (size_t axis = 0; axis < 3; ++axis) {
    std::array<double, 3> next{};
    next[axis] = 1;
    std::array<double, 3> step = point(grid.to_world(next));
    for (size_t i = 0; i < 3; ++i) step[i] -= result.origin[i];
    result.spacing[axis] = std::hypot(step[0], step[1], step[2]);
    for (size_t i = 0; i < 3; ++i) result.direction[3 * i + axis] = step[i] / result.spacing[axis];
  }
  return result;
}

/// Its voxels of 1 mm are the map's places.
imaging::Geometry as_grid(const ops::AffineMap& map) {
  imaging::Geometry grid;
  grid.direction = map.matrix;
  grid.origin = map.offset;
  return grid;
}

}  // namespace

imaging::Geometry moved(const imaging::Geometry& grid, const ops::AffineMap& map) {
  return moved_to(grid, [through = as_grid(map)](const auto& place) { return through.to_world(place); });
}

imaging::Geometry moved_back(const imaging::Geometry& grid, const ops::AffineMap& map) {
  return moved_to(grid, [through = as_grid(map)](const auto& place) { return through.to_index(place); });
}

void require_place(imaging::Volume& volume, const FileOptions& options, const PlaceNeeds& needs) {
  const bool says_spacing = volume.spacing_known, says_orientation = volume.orientation_known;
  if (!volume.spacing_known && options.assume_spacing.size() == 3) {
    std::copy(options.assume_spacing.begin(), options.assume_spacing.end(), volume.geometry.spacing.begin());
    volume.spacing_known = true;
  }
  if (!volume.orientation_known && !options.assume_orientation.empty()) {
    volume.geometry.direction = preprocess::direction_of(options.assume_orientation);
    volume.orientation_known = true;
  }
  if (!volume.spacing_known && needs.spacing)
    core::fail_data(volume.source +
                    ": does not say how large a voxel is; convert it with its spacing, or set the input's "
                    "assume_spacing to x, y and z in mm");
  if (!volume.orientation_known && needs.orientation)
    core::fail_data(volume.source +
                    ": does not say which way its axes point; convert it with its orientation, or set "
                    "the input's assume_orientation, such as LPS" +
                    (needs.may_keep_axes ? ", or preprocess.orientation to none" : ""));
  // The config says it, or nobody asks.
  if (!says_spacing && (volume.spacing_known || !needs.spacing)) {
    forget(volume.warnings, no_spacing);
    forget(volume.warnings, a_picture);
  }
  if (!says_orientation && (volume.orientation_known || !needs.scan)) forget(volume.warnings, no_orientation);
}

}  // namespace photo51::data
