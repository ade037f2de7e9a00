#include "ops/gated_scores.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

#include "ops/cpu/gated_scores.hpp"
#include "ops/float_types.hpp"
#include "photo51/core/error.hpp"
#include "photo51/ops/gated_scores.hpp"
#include "photo51/ops/parallel.hpp"

namespace photo51::ops {
namespace {

constexpr int64_t rows_at_once = 256;

/// Calls `run(number, begin, end)` for each so many of the rows.
template <class Run>
void for_rows(int64_t rows, Run run) {
  in_parallel(0, (rows + rows_at_once - 1) / rows_at_once, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) run(i, i * rows_at_once, std::min((i + 1) * rows_at_once, rows));
  });
}

at::Tensor gated_scores_forward(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  const at::Tensor x = gates.contiguous(), b = bias.contiguous(), w = weight.contiguous();
  const int64_t rows = x.size(0), heads = w.size(0), width = w.size(1);
  at::Tensor scores = at::empty({rows, heads}, w.options());
  with_float_types(x.scalar_type(), [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const auto* from = reinterpret_cast<const V*>(x.const_data_ptr());
    const auto *added = b.const_data_ptr<A>(), *weights = w.const_data_ptr<A>();
    auto* to = scores.mutable_data_ptr<A>();
    for_rows(rows, [&](int64_t, int64_t begin, int64_t end) {
      const cpu::GatedRows<V, A> of{from + begin * 2 * width, end - begin, width, added};
      cpu::gated_scores(of, weights, heads, to + begin * heads);
    });
  });
  return scores;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> gated_scores_backward(const at::Tensor& grad_scores,
                                                                     const at::Tensor& gates,
                                                                     const at::Tensor& bias,
                                                                     const at::Tensor& weight) {
  const at::Tensor x = gates.contiguous(), b = bias.contiguous(), w = weight.contiguous();
  const at::Tensor grad = grad_scores.contiguous();
  const int64_t rows = x.size(0), heads = w.size(0), width = w.size(1);
  const int64_t parts = (rows + rows_at_once - 1) / rows_at_once;
  at::Tensor grad_gates = at::empty_like(x);
  // Of each part, and then the sum: the same whichever thread took which.
  at::Tensor grad_bias = at::zeros({parts, 2 * width}, b.options());
  at::Tensor grad_weight = at::zeros({parts, heads, width}, w.options());
  with_float_types(x.scalar_type(), [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const auto* from = reinterpret_cast<const V*>(x.const_data_ptr());
    const auto *added = b.const_data_ptr<A>(), *weights = w.const_data_ptr<A>(),
               *by = grad.const_data_ptr<A>();
    auto* to_gates = reinterpret_cast<V*>(grad_gates.mutable_data_ptr());
    auto *to_bias = grad_bias.mutable_data_ptr<A>(), *to_weight = grad_weight.mutable_data_ptr<A>();
    for_rows(rows, [&](int64_t part, int64_t begin, int64_t end) {
      const cpu::GatedRows<V, A> of{from + begin * 2 * width, end - begin, width, added};
      cpu::gated_scores_backward(of, weights, heads, by + begin * heads, to_gates + begin * 2 * width,
                                 to_bias + part * 2 * width, to_weight + part * heads * width);
    });
  });
  return {grad_gates, grad_bias.sum(0), grad_weight.sum(0)};
}

void require_gates(bool condition, const char* what) {
  if (!condition) core::fail_usage(std::string("gated_scores: ") + what);
}

}  // namespace

at::Tensor call_gated_scores(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("photo51::gated_scores", "").typed<GatedScoresForward>();
  return op.call(gates, bias, weight);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> call_gated_scores_backward(const at::Tensor& grad_scores,
                                                                          const at::Tensor& gates,
                                                                          const at::Tensor& bias,
                                                                          const at::Tensor& weight) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("photo51::gated_scores_backward", "")
                             .typed<GatedScoresBackward>();
  return op.call(grad_scores, gates, bias, weight);
}

at::Tensor gated_scores(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  require_gates(gates.defined() && gates.dim() == 2 && bias.defined() && bias.dim() == 1 &&
                    weight.defined() && weight.dim() == 2 && gates.size(1) == 2 * weight.size(1) &&
                    bias.size(0) == gates.size(1) && weight.numel() > 0,
                "takes gates [N, 2 W], bias [2 W] and weight [K, W]");
  const at::ScalarType type = gates.scalar_type();
  require_gates(is_kernel_type(type), "gates are float32, bfloat16 or float64; convert them first");
  require_gates(
      bias.scalar_type() == sum_type(type) && weight.scalar_type() == sum_type(type),
      "bias and weight are float64 beside gates of float64 and float32 otherwise; convert them first");
  require_gates(bias.device() == gates.device() && weight.device() == gates.device(),
                "gates, bias and weight lie on one device; move them first");
  return call_gated_scores(gates, bias, weight);
}

bool has_gated_scores(const at::Device& device, at::ScalarType gates) {
  return has_kernels(device, gates);
}

TORCH_LIBRARY_FRAGMENT(photo51, m) {
  m.def("gated_scores(Tensor gates, Tensor bias, Tensor weight) -> Tensor");
  m.def(
      "gated_scores_backward(Tensor grad_scores, Tensor gates, Tensor bias, Tensor weight) -> "
      "(Tensor, Tensor, Tensor)");
}
TORCH_LIBRARY_IMPL(photo51, CPU, m) {
  m.impl("gated_scores", TORCH_FN(gated_scores_forward));
  m.impl("gated_scores_backward", TORCH_FN(gated_scores_backward));
}

}  // namespace photo51::ops
