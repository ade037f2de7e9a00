#pragma once
/// Attention pooling of ragged bags: a softmax over the instances of each bag, and the sums that it weights.
/// LibTorch's operator `photo51::bag_attention_pool`.

#include <ATen/core/Tensor.h>

namespace photo51::ops {

struct BagAttention {
  at::Tensor pooled;     ///< [B, K, D], of the scores' type
  at::Tensor attention;  ///< [N, K], sums to 1 over each bag
};

/// The instances of all bags one after the other: `values` [N, D], `scores` [N, K] of K heads, and `offsets`
/// [B + 1], int64 on the CPU, where each bag begins and the last one ends. A bag without instances gives 0.
/// Values are float32, bfloat16 or float64; scores float64 beside float64 and float32 otherwise. What is
/// summed in which order depends on the bags alone, not on threads. Differentiable by values and scores,
/// through both results. Errors (usage): other shapes or types, offsets that do not grow from 0 to N.
BagAttention bag_attention_pool(const at::Tensor& values, const at::Tensor& scores,
                                const at::Tensor& offsets);
/// Whether there is a kernel for values of this type on this device.
bool has_bag_attention(const at::Tensor& values);

}  // namespace photo51::ops
