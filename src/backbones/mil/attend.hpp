#pragma once
/// Attention pooling of ragged bags: a softmax over each bag, and the sums that it weights.

#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {

struct Attended {
  at::Tensor pooled;     ///< [B, K, D]
  at::Tensor attention;  ///< [N, K], sums to 1 over each bag
};
/// `values` [N, D] and `scores` [N, K] of the instances of `bags`, whose own features are not looked at.
Attended attend(const at::Tensor& values, const at::Tensor& scores, const Bags& bags);

}  // namespace photo51::backbones
