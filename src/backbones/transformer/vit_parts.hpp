#pragma once
/// What the files of the ViT share.

#include <cstdint>
#include <memory>
#include <vector>

#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/nn/weights/dialect.hpp"

namespace photo51::backbones {

struct VitSizes {
  int64_t patch_size, embed_dim, depth, num_heads, mlp_dim;
};
/// Those of the variant, or what stands in their place.
VitSizes vit_sizes(const VitOptions& options);

bool has_rope(const VitOptions& options);
/// Learned or fixed.
bool has_position_vectors(const VitOptions& options);

/// Ascending, at least 1 and below the depth.
bool are_out_layers(const std::vector<int64_t>& layers, int64_t depth);

/// Of images of `dims` dimensions.
std::vector<nn::Dialect> vit_dialects(const VitOptions& options, int64_t dims);
using VitDialects = decltype(vit_dialects)*;
/// MONAI's alone.
nn::Dialect vit_monai_dialect(const VitOptions& options, int64_t dims);

/// As `make_vit`, whose weights are by other names.
std::shared_ptr<Backbone> make_vit_by_names(const VitOptions& options, const InputShape& shape,
                                            int64_t classes, VitDialects names);

}  // namespace photo51::backbones
