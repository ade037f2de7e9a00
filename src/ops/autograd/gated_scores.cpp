// The gradient of photo51::gated_scores.
#include "ops/gated_scores.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>

#include "photo51/ops/gated_scores.hpp"

namespace photo51::ops {
namespace {

struct GatedScoresGradient : torch::autograd::Function<GatedScoresGradient> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& gates,
                            const at::Tensor& bias, const at::Tensor& weight) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({gates, bias, weight});
    return call_gated_scores(gates, bias, weight);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    auto [gates, bias, weight] = call_gated_scores_backward(grads[0], saved[0], saved[1], saved[2]);
    return {gates, bias, weight};
  }
};

/// How many rows of gates are computed at once: few enough to stay in a processor's cache between the product
/// and what follows it.
int64_t gated_rows_at_once(const at::Tensor& x, int64_t columns) {
  if (!x.is_cpu()) return std::max<int64_t>(x.size(0), 1);
  return std::max<int64_t>((int64_t{1} << 21) / columns, 64);
}

/// Calls `run(begin, count)`.
template <class Run>
void by_chunks(int64_t rows, int64_t at_once, Run run) {
  for (int64_t begin = 0; begin < rows; begin += at_once) run(begin, std::min(at_once, rows - begin));
}

/// `gates` has rows for all of x, or, where they are not kept, for one chunk.
at::Tensor scores_by_chunks(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& score_weight, const at::Tensor& gates) {
  const at::Tensor factor = weight.to(gates.scalar_type()).t();
  at::Tensor scores = at::empty({x.size(0), score_weight.size(0)}, score_weight.options());
  by_chunks(x.size(0), gated_rows_at_once(x, weight.size(0)), [&](int64_t begin, int64_t count) {
    at::Tensor part = gates.narrow(0, gates.size(0) == x.size(0) ? begin : 0, count);
    at::mm_out(part, x.narrow(0, begin, count).to(gates.scalar_type()), factor);
    scores.narrow(0, begin, count).copy_(gated_scores(part, bias, score_weight));
  });
  return scores;
}

at::Tensor room_for_gates(const at::Tensor& x, const at::Tensor& weight, at::ScalarType type, int64_t rows) {
  return at::empty({std::min(rows, x.size(0)), weight.size(0)}, x.options().requires_grad(false).dtype(type));
}

struct GatedScoresOfGradient : torch::autograd::Function<GatedScoresOfGradient> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& score_weight,
                            at::ScalarType type) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor gates = room_for_gates(x, weight, type, x.size(0));
    context->save_for_backward({x, weight, bias, score_weight, gates});
    return scores_by_chunks(x, weight, bias, score_weight, gates);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2], &score_weight = saved[3];
    const at::Tensor& gates = saved[4];
    const at::Tensor by = grads[0].contiguous();
    const bool of_x = context->needs_input_grad(0), of_weight = context->needs_input_grad(1);
    const at::Tensor factor = weight.to(gates.scalar_type());
    at::Tensor grad_x = of_x ? at::empty_like(x) : at::Tensor();
    at::Tensor grad_weight = of_weight ? at::zeros_like(weight) : at::Tensor();
    at::Tensor grad_bias = at::zeros_like(bias), grad_score_weight = at::zeros_like(score_weight);
    by_chunks(x.size(0), gated_rows_at_once(x, weight.size(0)), [&](int64_t begin, int64_t count) {
      const auto [of_gates, of_bias, of_score_weight] = call_gated_scores_backward(
          by.narrow(0, begin, count), gates.narrow(0, begin, count), bias, score_weight);
      grad_bias.add_(of_bias);
      grad_score_weight.add_(of_score_weight);
      if (of_x) grad_x.narrow(0, begin, count).copy_(at::mm(of_gates, factor));
      if (!of_weight) return;
      const at::Tensor part = x.narrow(0, begin, count).to(gates.scalar_type());
      // Sums of short types are kept in the weight's.
      if (weight.scalar_type() == gates.scalar_type())
        grad_weight.addmm_(of_gates.t(), part);
      else
        grad_weight.add_(at::mm(of_gates.t(), part));
    });
    return {grad_x, grad_weight, grad_bias, grad_score_weight, at::Tensor()};
  }
};

at::Tensor differentiable_gated_scores(const at::Tensor& gates, const at::Tensor& bias,
                                       const at::Tensor& weight) {
  return GatedScoresGradient::apply(gates, bias, weight);
}

}  // namespace

at::Tensor gated_scores_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const at::Tensor& score_weight, at::ScalarType gates) {
  const auto learns = [](const at::Tensor& tensor) { return tensor.requires_grad(); };
  if (at::GradMode::is_enabled() && (learns(x) || learns(weight) || learns(bias) || learns(score_weight)))
    return GatedScoresOfGradient::apply(x, weight, bias, score_weight, gates);
  const at::AutoDispatchBelowADInplaceOrView below;
  return scores_by_chunks(x, weight, bias, score_weight,
                          room_for_gates(x, weight, gates, gated_rows_at_once(x, weight.size(0))));
}

TORCH_LIBRARY_IMPL(photo51, Autograd, m) {
  m.impl("gated_scores", TORCH_FN(differentiable_gated_scores));
}

}  // namespace photo51::ops
