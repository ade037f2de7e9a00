#pragma once
/// Which places of a map a window has, for the kernels of ops::window_attention on all devices.

#include <cstdint>

#include "ops/cuda/device_code.hpp"

namespace photo51::ops {

/// What becomes of a place of the shifted map along one axis.
struct AxisPlace {
  int64_t from;  ///< in the map
  bool is_inside;
  bool is_beyond;  ///< it comes from the map's other end
};

/// A map of places in the windows that attention sees; axes are z, y, x, in 2D with a depth of 1.
struct WindowGrid {
  int64_t batch = 0, heads = 1, head_dim = 0;
  int64_t size[3] = {1, 1, 1}, window[3] = {1, 1, 1}, shift[3] = {0, 0, 0};
  bool pad_after_shift = false;

  PHOTO51_DEVICE int64_t count(int axis) const { return (size[axis] + window[axis] - 1) / window[axis]; }
  /// Of all cases.
  PHOTO51_DEVICE int64_t windows() const { return batch * count(0) * count(1) * count(2); }
  PHOTO51_DEVICE int64_t places() const { return window[0] * window[1] * window[2]; }
  PHOTO51_DEVICE int64_t width() const { return heads * head_dim; }
  bool is_padded() const {
    for (int axis = 0; axis < 3; ++axis)
      if (size[axis] % window[axis] != 0) return true;
    return false;
  }
  PHOTO51_DEVICE AxisPlace place_on_axis(int axis, int64_t place) const {
    const int64_t edge = count(axis) * window[axis], by = shift[axis];
    const int64_t ring = pad_after_shift ? size[axis] : edge;
    const int64_t from = place < ring ? (place + by) % ring : place;
    return {from, from<size[axis], by> 0 && place >= edge - by};
  }
};

}  // namespace photo51::ops
