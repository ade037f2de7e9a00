#pragma once
/// The two operators behind ops::gated_scores, below automatic differentiation.

#include <ATen/core/Tensor.h>

#include <tuple>

namespace photo51::ops {

/// `photo51::gated_scores(gates, bias, weight) -> scores`.
using GatedScoresForward = at::Tensor(const at::Tensor& gates, const at::Tensor& bias,
                                      const at::Tensor& weight);
at::Tensor call_gated_scores(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight);
/// `photo51::gated_scores_backward`: the gradients by gates, bias and weight.
using GatedScoresBackward = std::tuple<at::Tensor, at::Tensor, at::Tensor>(const at::Tensor& grad_scores,
                                                                           const at::Tensor& gates,
                                                                           const at::Tensor& bias,
                                                                           const at::Tensor& weight);
std::tuple<at::Tensor, at::Tensor, at::Tensor> call_gated_scores_backward(const at::Tensor& grad_scores,
                                                                          const at::Tensor& gates,
                                                                          const at::Tensor& bias,
                                                                          const at::Tensor& weight);

}  // namespace photo51::ops
