#pragma once
/// The two operators behind ops::window_attention, below automatic differentiation, and what their kernels
/// for the CPU and for GPUs have in common. Undefined tensors are std::nullopt, as the schemas have it.

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

#include "ops/window_grid.hpp"

namespace photo51::ops {

using MaybeTensor = std::optional<at::Tensor>;

/// `photo51::window_attention`: output, and the logarithms of the softmax's sums, which only the gradient
/// wants.
using WindowAttentionForward = std::tuple<at::Tensor, at::Tensor>(
    const at::Tensor& qkv, const at::Tensor& bias, const MaybeTensor& padding, const MaybeTensor& scales,
    at::IntArrayRef window, at::IntArrayRef shift, bool pad_after_shift);
/// `photo51::window_attention_backward`: gradients of qkv, bias, padding and scales.
using WindowAttentionBackward = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>(
    const at::Tensor& grad_out, const at::Tensor& logarithms, const at::Tensor& qkv, const at::Tensor& bias,
    const MaybeTensor& padding, const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
    bool pad_after_shift);

/// What a kernel is given, contiguous; undefined: none.
struct WindowAttentionCall {
  WindowGrid grid;
  at::Tensor qkv, bias, padding, scales;
  bool is_empty() const { return qkv.numel() == 0; }
};
/// Errors (usage): what ops::window_attention says.
WindowAttentionCall window_attention_call(const at::Tensor& qkv, const at::Tensor& bias,
                                          const MaybeTensor& padding, const MaybeTensor& scales,
                                          at::IntArrayRef window, at::IntArrayRef shift,
                                          bool pad_after_shift);
/// To fill: [B, [D,] H, W, heads * head_dim], and [windows, heads, places].
std::tuple<at::Tensor, at::Tensor> window_attention_outputs(const WindowAttentionCall& call);

}  // namespace photo51::ops
