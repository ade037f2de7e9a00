#include "ops/cpu/gated_scores.hpp"

#include <cstddef>
#include <vector>

#include "ops/cpu/exp_parts.hpp"
#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

namespace plain {
#include "ops/cpu/gated_scores.inc"
}  // namespace plain

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
#include "ops/cpu/gated_scores.inc"
}  // namespace avx2
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#ifdef __clang__
#pragma clang attribute push(                                                              \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512"))), \
    apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,fma,prefer-vector-width=512")
#endif
namespace avx512 {
#include "ops/cpu/gated_scores.inc"
}  // namespace avx512
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace

template <class V, class A>
void gated_scores(const GatedRows<V, A>& of, const A* weight, int64_t heads, A* scores) {
  std::vector<A> gate(static_cast<size_t>(of.width));
  const auto run = has_avx512() ? avx512::gated_scores<V, A>
                   : has_avx2() ? avx2::gated_scores<V, A>
                                : plain::gated_scores<V, A>;
  run(of, weight, heads, gate.data(), scores);
}

template <class V, class A>
void gated_scores_backward(const GatedRows<V, A>& of, const A* weight, int64_t heads, const A* grad_scores,
                           V* grad_gates, A* grad_bias, A* grad_weight) {
  std::vector<A> room(2 * static_cast<size_t>(of.width));
  const auto run = has_avx512() ? avx512::gated_scores_backward<V, A>
                   : has_avx2() ? avx2::gated_scores_backward<V, A>
                                : plain::gated_scores_backward<V, A>;
  run(of, weight, heads, grad_scores, room.data(), grad_gates, grad_bias, grad_weight);
}

#define PHOTO51_FOR_TYPES(V, A)                                              \
  template void gated_scores(const GatedRows<V, A>&, const A*, int64_t, A*); \
  template void gated_scores_backward(const GatedRows<V, A>&, const A*, int64_t, const A*, V*, A*, A*)
PHOTO51_FOR_TYPES(float, float);
PHOTO51_FOR_TYPES(Bf16, float);
PHOTO51_FOR_TYPES(double, double);
#undef PHOTO51_FOR_TYPES

}  // namespace photo51::ops::cpu
