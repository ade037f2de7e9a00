#include "ops/cpu/gated_scores.hpp"

#include <cstddef>
#include <vector>

#include "ops/cpu/exp_parts.hpp"
#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

#define PHOTO51_LOOPS "ops/cpu/gated_scores.inc"
#include "ops/cpu/instruction_sets.inc"

}  // namespace

template <class V, class A>
void gated_scores(const GatedRows<V, A>& of, const A* weight, int64_t heads, A* scores) {
  std::vector<A> gate(static_cast<size_t>(of.width));
  const auto run = PHOTO51_IN_BEST_SET(gated_scores<V, A>);
  run(of, weight, heads, gate.data(), scores);
}

template <class V, class A>
void gated_scores_backward(const GatedRows<V, A>& of, const A* weight, int64_t heads, const A* grad_scores,
                           V* grad_gates, A* grad_bias, A* grad_weight) {
  std::vector<A> room(2 * static_cast<size_t>(of.width));
  const auto run = PHOTO51_IN_BEST_SET(gated_scores_backward<V, A>);
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
