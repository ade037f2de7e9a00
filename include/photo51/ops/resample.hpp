#pragma once
/// Resampling of volumes on the CPU through one coordinate map: affine, plus a smooth displacement where one
/// is given. The input is read in its stored type; only the output (and cubic's coefficients) are float32.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

namespace photo51::core {
class ThreadPool;
}

namespace photo51::ops {

/// Takes an output voxel to an input position, both x, y, z with voxel centres at whole numbers:
/// input = matrix * output + offset (matrix row-major).
struct AffineMap {
  std::array<double, 9> matrix{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::array<double, 3> offset{0, 0, 0};
};

/// Displacements in input voxels, a cubic B-spline over control points: along an axis of n output voxels the
/// `points` span points - 3 equal cells from the first voxel's centre to the last one's (a control point lies
/// beyond either end, as in ITK's BSplineTransform). One point along an axis: constant there. `values` is
/// [3: x, y, z][points z][points y][points x].
struct DisplacementGrid {
  std::array<int64_t, 3> points{0, 0, 0};  ///< x, y, z; 1, or 4 and more
  std::vector<float> values;
};

/// `cubic` is the interpolating cubic B-spline (prefiltered; Unser 1999).
enum class Interpolation { linear, nearest, cubic };
enum class Padding { value, border, surround };

struct ResampleOptions {
  Interpolation interpolation = Interpolation::linear;
  /// `border` repeats the edge for ever. `value` does so only as far as a voxel reaches: half an input voxel
  /// or half an output step beyond the last centre, whichever is more; farther away is `padding_value`.
  /// `surround` interpolates into voxels of `padding_value` around the input (scipy's grid-constant, torch's
  /// padding_mode zeros).
  Padding padding = Padding::value;
  float padding_value = 0;
  /// Along axes where one output step covers more than one input voxel, average with a triangle as wide as
  /// the step instead of interpolating. Not for nearest, and only for maps without rotation or shear.
  bool antialias = false;
  const DisplacementGrid* displacement = nullptr;  ///< added to the position that the affine map gives
  core::ThreadPool* pool = nullptr;                ///< null: on the calling thread
};

/// `input` [C, D, H, W] or [D, H, W], contiguous, of type uint8, int8, int16, uint16, int32, int64, float32
/// or float64; result float32 with the same number of dimensions and `size` (x, y, z) voxels. All channels
/// share the positions, which are computed once. A map that only scales, mirrors, permutes and moves takes a
/// separable path. Errors (usage): another type or number of dimensions, an empty size, a map that is not
/// finite, antialias with a map that rotates or is displaced or with surround, a displacement of another
/// number of values.
at::Tensor resample(const at::Tensor& input, const AffineMap& map, const std::array<int64_t, 3>& size,
                    const ResampleOptions& options = {});

/// The same into `output`, float32 and contiguous, of as many channels as the input; its shape gives the
/// size.
void resample_into(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
                   const ResampleOptions& options = {});

/// Does the map only scale, mirror, permute and move axes (to within a thousandth of a voxel over `size`)?
bool is_axis_aligned(const AffineMap& map, const std::array<int64_t, 3>& size);

}  // namespace photo51::ops
