#pragma once
/// Masks on one picture: components, holes, hulls and the like, each one pass or a few over the pixels.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/preprocess/mammography/mammography.hpp"

namespace photo51::preprocess {

/// Height x width bytes, row by row: gray levels, or a mask whose pixels that are not 0 are inside.
struct BytePlane {
  BytePlane() = default;
  BytePlane(int64_t h, int64_t w, uint8_t value = 0)
      : height(h), width(w), pixels(static_cast<size_t>(h * w), value) {}
  static BytePlane of(const at::Tensor& mask);  ///< uint8 or bool [H, W]
  at::Tensor tensor() const;                    ///< uint8 [H, W], 0 or 1

  uint8_t& at(int64_t y, int64_t x) { return pixels[static_cast<size_t>(y * width + x)]; }
  uint8_t at(int64_t y, int64_t x) const { return pixels[static_cast<size_t>(y * width + x)]; }
  bool holds(int64_t y, int64_t x) const { return y >= 0 && x >= 0 && y < height && x < width; }
  int64_t count() const;
  /// The smallest box; all 0 when the mask is empty.
  PixelBox box() const;

  int64_t height = 0, width = 0;
  std::vector<uint8_t> pixels;
};

struct Component {
  int64_t pixels = 0;
  PixelBox box;
};
struct Components {
  std::vector<int32_t> label;  ///< a pixel; -1 outside, else an index into `parts`
  std::vector<Component> parts;

  BytePlane mask(const BytePlane& like, size_t part) const;
};
/// Pixels that touch, at edges or corners (8 neighbours).
Components components_of(const BytePlane& mask);

/// The component of most pixels; empty when the mask is.
BytePlane largest_component(const BytePlane& mask);
/// Background that does not reach the border (through edges) joins the mask.
void fill_holes(BytePlane& mask);
/// Square of side 2 * radius + 1. Outside the picture counts as inside for `erode`, outside for `dilate`.
BytePlane erode(const BytePlane& mask, int64_t radius);
BytePlane dilate(const BytePlane& mask, int64_t radius);
/// Greatest and least byte within `rx` columns and `ry` rows of each pixel.
BytePlane local_max(const BytePlane& plane, int64_t rx, int64_t ry);
BytePlane local_min(const BytePlane& plane, int64_t rx, int64_t ry);
/// Pixels around which more than half of the square of this radius is inside (and inside the picture).
BytePlane majority(const BytePlane& mask, int64_t radius);
/// All pixels of the convex hull of the mask's pixels.
BytePlane convex_hull(const BytePlane& mask);

/// Bin where a histogram with one dominant peak ends (Zack, Rogers and Latt 1977): the bin farthest below
/// the line from the peak to the last filled bin of the longer tail.
size_t triangle_threshold(const std::vector<int64_t>& histogram);
/// Bin that separates two classes best (Otsu 1979): the last one of the lower class.
size_t otsu_threshold(const std::vector<int64_t>& histogram);

}  // namespace photo51::preprocess
