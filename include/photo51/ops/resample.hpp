#pragma once
/// Affine resampling of volumes on the CPU. The input is read in its stored type; only the output is float32.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>

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

enum class Interpolation { linear, nearest };
enum class Padding { value, border };

struct ResampleOptions {
  Interpolation interpolation = Interpolation::linear;
  /// `border` repeats the edge for ever. `value` does so only as far as a voxel reaches: half an input voxel
  /// or half an output step beyond the last centre, whichever is more; farther away is `padding_value`.
  Padding padding = Padding::value;
  float padding_value = 0;
  /// Along axes where one output step covers more than one input voxel, average with a triangle as wide as
  /// the step instead of reading two voxels. Linear, and maps without rotation or shear, only.
  bool antialias = false;
  core::ThreadPool* pool = nullptr;  ///< null: on the calling thread
};

/// `input` [C, D, H, W] or [D, H, W], contiguous, of type uint8, int8, int16, uint16, int32, int64, float32
/// or float64; result float32 with the same number of dimensions and `size` (x, y, z) voxels. All channels
/// share the positions, which are computed once. A map that only scales, mirrors, permutes and moves takes a
/// separable path. Errors (usage): another type or number of dimensions, an empty size, antialias with a map
/// that rotates.
at::Tensor resample(const at::Tensor& input, const AffineMap& map, const std::array<int64_t, 3>& size,
                    const ResampleOptions& options = {});

/// The same into `output`, float32 and contiguous, of as many channels as the input; its shape gives the
/// size.
void resample_into(at::Tensor& output, const at::Tensor& input, const AffineMap& map,
                   const ResampleOptions& options = {});

/// Does the map only scale, mirror, permute and move axes (to within a thousandth of a voxel over `size`)?
bool is_axis_aligned(const AffineMap& map, const std::array<int64_t, 3>& size);

}  // namespace photo51::ops
