#pragma once
/// Parts of an image, and passes over them that know what lies beyond the image's edge.

#include <array>
#include <cstdint>
#include <vector>

#include "photo51/radiomics/filters/filter.hpp"
#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

using Index3 = std::array<int64_t, 3>;  ///< z, y, x

/// Voxels from `begin` up to `end` (not itself) of an image; may reach beyond it.
struct Window {
  Index3 begin{0, 0, 0}, end{0, 0, 0};

  int64_t length(int axis) const { return end[axis] - begin[axis]; }
  int64_t count() const { return length(0) * length(1) * length(2); }
  bool operator==(const Window&) const = default;
};
Window whole_window(const Grid& image);
Window grown(Window window, const Index3& radius);

/// The values of an image on a window inside it. `image` is the grid of all of it.
struct Patch {
  Grid image;
  Window window;
  std::vector<double> values;
};

/// Which voxel of [0, length) stands for `index`; -1 = zero.
int64_t inside(int64_t index, int64_t length, Boundary boundary);
/// The voxels of the image that stand for those in `window`.
Window inside(const Window& window, const Grid& image, Boundary boundary);

/// Values on `window`, which may reach beyond the image; the patch must have what stands for them.
std::vector<double> values_around(const Patch& patch, const Window& window, Boundary boundary);

/// Weights of the voxels from -radius to radius; odd length, or empty for a pass that does nothing.
using Kernel = std::vector<double>;

/// Sum of kernel[j] * image[i + j - radius] along `axis`, for i from `begin` to `end`; the other axes stay.
/// `single`: in float32, from the last weight on.
Patch correlate(const Patch& patch, const Kernel& kernel, int axis, int64_t begin, int64_t end,
                Boundary boundary, bool single = false);

}  // namespace photo51::radiomics
