#pragma once
/// The two operators behind ops::norm_act, below automatic differentiation, and what their kernels for the
/// CPU and for GPUs have in common.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>

namespace photo51::ops {

/// `photo51::norm_act -> (y, mean, variance)`.
using NormActForward = std::tuple<at::Tensor, at::Tensor, at::Tensor>(
    const at::Tensor& x, const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& bias,
    const std::optional<at::Tensor>& residual, const std::optional<at::Tensor>& mean,
    const std::optional<at::Tensor>& variance, bool per_case, double epsilon, double slope);
/// `photo51::norm_act_backward -> (gx, gweight, gbias, gresidual)`. The gradient of the residual is asked for
/// where y is given: without an activation it is gy. `constant`: mean and variance were given.
using NormActBackward = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>(
    const at::Tensor& gy, const at::Tensor& x, const std::optional<at::Tensor>& y,
    const std::optional<at::Tensor>& weight, const at::Tensor& mean, const at::Tensor& variance,
    bool constant, bool per_case, double epsilon, double slope, bool of_residual);

/// How kernels see feature maps [B, C, ...]: `outer` parts of `rows` rows of `width` channels. Channels-last
/// maps are one part (or one a case), contiguous ones a part a plane, whose rows have one channel. Statistics
/// are [sets][width]; part o takes those of set o % sets, and entry i is of channel i % channels.
struct NormMaps {
  int64_t outer = 0, rows = 0, width = 0, sets = 0, channels = 0;

  int64_t entries() const { return sets * width; }
  int64_t values_an_entry() const { return sets == 0 ? 0 : outer / sets * rows; }
};

/// What a kernel is given and fills, dense and in one layout; undefined: none.
struct NormActCall {
  NormMaps maps;
  at::Tensor x, weight{}, bias{}, residual{};
  bool finds_statistics;  ///< mean and variance are to fill
  at::Tensor y{}, mean{}, variance{};
};
/// Errors (usage): what ops::norm_act says.
NormActCall norm_act_call(const at::Tensor& x, const std::optional<at::Tensor>& weight,
                          const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual,
                          const std::optional<at::Tensor>& mean, const std::optional<at::Tensor>& variance,
                          bool per_case, double epsilon, double slope);

struct NormActGradientCall {
  NormMaps maps;
  at::Tensor gy, x, y{}, weight{};
  at::Tensor gx{}, gweight{}, gbias{}, gresidual{};  ///< to fill
};
NormActGradientCall norm_act_gradient_call(const at::Tensor& gy, const at::Tensor& x,
                                           const std::optional<at::Tensor>& y,
                                           const std::optional<at::Tensor>& weight, const at::Tensor& mean,
                                           bool per_case, bool of_residual);

}  // namespace photo51::ops
