#include "ops/cpu/bag_attention.hpp"

#include <cmath>

#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

#define PHOTO51_LOOPS "ops/cpu/bag_attention.inc"
#include "ops/cpu/instruction_sets.inc"

}  // namespace

template <class A>
void softmax_of_bag(const A* scores, int64_t count, int64_t heads, A* attention) {
  for (int64_t head = 0; head < heads; ++head) {
    const A* const score = scores + head;
    A* const weight = attention + head;
    A largest = -INFINITY;
    for (int64_t i = 0; i < count; ++i)
      if (!(score[i * heads] <= largest)) largest = score[i * heads];
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      weight[i * heads] = std::exp(score[i * heads] - largest);
      sum += static_cast<double>(weight[i * heads]);
    }
    const A scale = static_cast<A>(1 / sum);
    for (int64_t i = 0; i < count; ++i) weight[i * heads] *= scale;
  }
}

template <class V, class A>
void add_weighted_rows(const V* values, int64_t rows, int64_t width, const A* weights, int64_t stride,
                       A* sum) {
  const auto run = PHOTO51_IN_BEST_SET(add_weighted_rows<V, A>);
  run(values, rows, width, weights, stride, sum);
}

template <class V, class A>
void add_dots(const V* values, int64_t rows, int64_t width, const A* vector, A* dots, int64_t stride) {
  const auto run = PHOTO51_IN_BEST_SET(add_dots<V, A>);
  run(values, rows, width, vector, dots, stride);
}

template <class V, class A>
void combine_vectors(const A* weights, int64_t rows, int64_t heads, const A* vectors, int64_t width,
                     V* values) {
  const auto run = PHOTO51_IN_BEST_SET(combine_vectors<V, A>);
  run(weights, rows, heads, vectors, width, values);
}

template void softmax_of_bag(const float*, int64_t, int64_t, float*);
template void softmax_of_bag(const double*, int64_t, int64_t, double*);
#define PHOTO51_FOR_TYPES(V, A)                                                       \
  template void add_weighted_rows(const V*, int64_t, int64_t, const A*, int64_t, A*); \
  template void add_dots(const V*, int64_t, int64_t, const A*, A*, int64_t);          \
  template void combine_vectors(const A*, int64_t, int64_t, const A*, int64_t, V*)
PHOTO51_FOR_TYPES(float, float);
PHOTO51_FOR_TYPES(Bf16, float);
PHOTO51_FOR_TYPES(double, double);
#undef PHOTO51_FOR_TYPES

}  // namespace photo51::ops::cpu
