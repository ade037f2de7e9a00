#pragma once
/// Rotary positions (Su et al., RoFormer, 2021) along the axes of a grid, as timm computes them: pairs of a
/// head's features are turned by angles that grow with the token's place, so that products of queries and
/// keys depend on how far apart two tokens are.
///
/// With B = d / (2 dims) angles an axis of the d features of a head, k = 0 .. B - 1:
///
///   axial   angle = p f_k,         f_k = temperature^(-k / B), p = 0, 1, ... or p / size * reference
///   dinov3  angle = 2 pi p / T_k,  T_k = temperature^(k / B),  p in (-1, 1): the middles of the patches
///
/// `axial` turns the features (0, 1), (2, 3), ..., `dinov3` the features (0, d/2), (1, d/2 + 1), ...; what is
/// left where 2 dims does not divide d is not turned.
///
/// Type: f_k, T_k and p are float32, f_k and T_k then rounded to `RotaryOptions::dtype`. The angles, sines
/// and cosines of `axial` are float32 too; those of `dinov3` have the tokens' type, float32 at least.

#include <ATen/core/Tensor.h>

#include "photo51/nn/layers/attention_options.hpp"

namespace photo51::nn {

struct Rotation {
  at::Tensor sine, cosine;  ///< [places, d], each angle twice
  bool halves = false;      ///< which features are a pair, see above
  int64_t prefix = 0;       ///< how many tokens before those of the places are not turned
  /// Of queries or keys [B, heads, prefix + places, d] -> the same.
  at::Tensor apply(const at::Tensor& x) const;
};

/// Of the places of a grid ([D,] H, W; x fastest) on the tokens' device. `head_width` is even.
Rotation make_rotation(const RotaryOptions& options, at::IntArrayRef grid, int64_t head_width, int64_t prefix,
                       const at::Tensor& tokens);

}  // namespace photo51::nn
