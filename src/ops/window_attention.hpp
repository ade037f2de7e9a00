#pragma once
/// The parts of the operator that its gradient calls. Undefined tensors are std::nullopt, as the schema has
/// it.

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace photo51::ops {

using MaybeTensor = std::optional<at::Tensor>;

/// Output, and the logarithms of the softmax's sums, which only the gradient wants.
std::tuple<at::Tensor, at::Tensor> window_attention_forward(const at::Tensor& qkv, const at::Tensor& bias,
                                                            const MaybeTensor& padding,
                                                            const MaybeTensor& scales, at::IntArrayRef window,
                                                            at::IntArrayRef shift, bool pad_after_shift);
/// Gradients of qkv, bias, padding and scales.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> window_attention_backward(
    const at::Tensor& grad_out, const at::Tensor& logarithms, const at::Tensor& qkv, const at::Tensor& bias,
    const MaybeTensor& padding, const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
    bool pad_after_shift);

}  // namespace photo51::ops
