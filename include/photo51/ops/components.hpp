#pragma once
/// Connected components of a mask.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "photo51/ops/scan.hpp"

namespace photo51::ops {

enum class Neighbours {
  faces,   ///< elements that share a side: 4 on a plane, 6 in space
  corners  ///< or an edge or a corner: 8 on a plane, 26 in space
};

struct ConnectedComponents {
  struct Part {
    int64_t size = 0;  ///< elements
    Box box;           ///< of x, y, z; z is 0 on a plane
  };
  at::Tensor labels;        ///< int32, as large as the mask: 0 outside, 1 + the index of a part inside
  std::vector<Part> parts;  ///< in the order of their first elements

  /// The index of the part of most elements, the first of equals; -1 where there is none.
  int64_t largest() const;
};

/// `mask` bool or uint8 [H, W] or [D, H, W] on the host; what is not 0 is inside. Error (usage) for anything
/// else.
ConnectedComponents connected_components(const at::Tensor& mask, Neighbours neighbours);

/// Sets the pixels of `mask` [H, W], contiguous bool or uint8 on the host, of each component of background
/// that does not reach the edge of the picture (through sides, not corners) and has at most `largest` pixels.
/// Error (usage) for another mask.
void fill_holes(at::Tensor& mask, int64_t largest = INT64_MAX);

}  // namespace photo51::ops
