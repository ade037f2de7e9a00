#pragma once
/// Kernels behind ops::gated_scores, over some rows. V and A are float and float, Bf16 and float, double and
/// double.

#include <cstdint>

#include "ops/cpu/bfloat16.hpp"

namespace photo51::ops::cpu {

/// tanh(v + bias) sigmoid(u + bias) of rows [2 width]: v, then u.
template <class V, class A>
struct GatedRows {
  const V* gates = nullptr;  ///< [rows, 2 width]
  int64_t rows = 0, width = 0;
  const A* bias = nullptr;  ///< [2 width]
};

/// scores [rows, heads] of weight [heads, width].
template <class V, class A>
void gated_scores(const GatedRows<V, A>& of, const A* weight, int64_t heads, A* scores);

/// Of grad_scores [rows, heads]: grad_gates [rows, 2 width]; grad_bias [2 width] and grad_weight [heads,
/// width] are added to.
template <class V, class A>
void gated_scores_backward(const GatedRows<V, A>& of, const A* weight, int64_t heads, const A* grad_scores,
                           V* grad_gates, A* grad_bias, A* grad_weight);

}  // namespace photo51::ops::cpu
