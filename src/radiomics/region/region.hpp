#pragma once
/// What the families compute on: the surroundings of one region after resampling and resegmentation.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/radiomics/settings.hpp"
#include "radiomics/region/voxels.hpp"

namespace photo51::imaging {
struct Geometry;
struct Volume;
}  // namespace photo51::imaging

namespace photo51::radiomics {

/// Arrays are z, y, x on `grid`, the box around the region with some voxels on each side where the image has
/// them.
struct Region {
  Grid grid;
  std::array<int64_t, 3> whole{0, 0, 0};   ///< size of the resampled image
  std::array<int64_t, 3> offset{0, 0, 0};  ///< of the box in it
  std::vector<double> intensity;
  Mask shape;                   ///< morphological mask: the region as drawn
  Mask mask;                    ///< intensity mask: after resegmentation
  std::vector<int64_t> voxels;  ///< where `mask` is set, ascending; never empty
};

/// Grey levels of the intensity mask.
struct Levels {
  Grid grid;
  std::vector<int32_t> level;  ///< 0 outside the mask, else 1 … count
  int32_t count = 0;           ///< the highest level that occurs
};

/// What IBSI's diagnostic values describe; arrays are z, y, x.
struct ImageSummary {
  Grid grid;
  double mean = 0, min = 0, max = 0;
};
struct MaskSummary {
  std::array<int64_t, 3> box{0, 0, 0};  ///< size of the box around the voxels
  int64_t count = 0;
  double mean = 0, min = 0, max = 0;  ///< of the intensities inside
};
struct Diagnostics {
  ImageSummary drawn_image, resampled_image;
  MaskSummary drawn, resampled, resegmented, drawn_shape, resampled_shape, resegmented_shape;
};

/// Where intensities must be finite.
enum class Finite { inside, around };

/// The region on the grid that `settings` ask for, with `margin` mm around it; `mask` = `shape`. Errors
/// (data) as of `extract`; intensities that are not finite in the region, or with `around` anywhere near it.
/// Fills `diagnostics`, which costs a pass over the whole image, where one is given.
Region make_region(const imaging::Volume& image, const imaging::Volume& mask, const Settings& settings,
                   double margin, Diagnostics* diagnostics = nullptr, Finite finite = Finite::around);
/// The grid of the whole image as `settings` ask for it.
Grid resampled_grid(const imaging::Geometry& image, const Settings& settings);
/// Where a part of that grid lies: `size` voxels from `first` on, z, y, x.
imaging::Geometry geometry_of_part(const imaging::Geometry& image, const Grid& resampled,
                                   const std::array<int64_t, 3>& first, const std::array<int64_t, 3>& size);
/// The intensities that `make_region` finds from `first` up to `last`, inclusive, z, y, x of that grid.
std::vector<double> resampled_intensities(const imaging::Volume& image, const Settings& settings,
                                          const std::array<int64_t, 3>& first,
                                          const std::array<int64_t, 3>& last);
/// Takes intensities out of range and outliers from the intensity mask. Error (data) when nothing is left.
void resegment(Region& region, const Settings& settings);
/// Levels of the intensity mask. Error (data): intensities that `method: none` cannot take as levels, more
/// than a million levels.
Levels discretise(const Region& region, const Discretisation& how, const std::vector<double>& range);

MaskSummary summary(const Region& region, const Mask& mask);

struct Box {
  std::array<int64_t, 3> first{0, 0, 0}, last{-1, -1, -1};  ///< inclusive
};
/// The box around the voxels of a mask; last < first for an empty one.
Box bounding_box(const Mask& mask, const Grid& grid);
/// The same around what is not 0 in the one channel of a volume.
Box box_of_nonzero(const imaging::Volume& mask);

}  // namespace photo51::radiomics
