#pragma once
/// The scores of gated attention in one pass: s_k = sum over j of w_kj tanh(v_j) sigmoid(u_j). LibTorch's
/// operator `photo51::gated_scores`.

#include <ATen/core/Tensor.h>

namespace photo51::ops {

/// `gates` [N, 2 W], each row the W values v and then the W values u, to which `bias` [2 W] is added first;
/// `weight` [K, W]; yields [N, K]. `gates` are float32, bfloat16 or float64; all else is float64 beside
/// float64 and float32 otherwise. Differentiable by all three. Errors (usage): other shapes or types.
at::Tensor gated_scores(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight);
/// Whether there is a kernel for gates of this type on this device.
bool has_gated_scores(const at::Device& device, at::ScalarType gates);

/// The scores of x [N, D] whose gates are x weight^T, with `weight` [2 W, D] and the gates of type `gates`, a
/// few thousand rows at a time. The gates of all rows are kept where a gradient is wanted, theirs never.
/// Differentiable, once, by all four tensors.
at::Tensor gated_scores_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& score_weight, at::ScalarType gates);

}  // namespace photo51::ops
