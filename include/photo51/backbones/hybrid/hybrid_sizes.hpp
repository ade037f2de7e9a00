#pragma once
/// The sizes of a network of convolution and attention, by timm's names.

#include <cstdint>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// Empty: those of the variant.
struct HybridSizes {
  std::vector<int64_t> embed_dim;   ///< channels of each of the four stages
  std::vector<int64_t> depths;      ///< blocks of each stage
  std::vector<int64_t> stem_width;  ///< channels of the stem's two convolutions
  int64_t dim_head = 32;            ///< channels of an attention head
  double drop_path = 0;             ///< of the last block; it grows from 0 at the first
};
/// For an architecture's own `describe`.
void describe_sizes(config::Fields& f, HybridSizes& sizes);

}  // namespace photo51::backbones
