#include "ops/cpu/bag_attention.hpp"

#include <cmath>

#include "ops/cpu/instructions.hpp"

namespace photo51::ops::cpu {
namespace {

namespace plain {
#include "ops/cpu/bag_attention.inc"
}  // namespace plain

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
#include "ops/cpu/bag_attention.inc"
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
#include "ops/cpu/bag_attention.inc"
}  // namespace avx512
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

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
  const auto run = has_avx512() ? avx512::add_weighted_rows<V, A>
                   : has_avx2() ? avx2::add_weighted_rows<V, A>
                                : plain::add_weighted_rows<V, A>;
  run(values, rows, width, weights, stride, sum);
}

template <class V, class A>
void add_dots(const V* values, int64_t rows, int64_t width, const A* vector, A* dots, int64_t stride) {
  const auto run = has_avx512() ? avx512::add_dots<V, A>
                   : has_avx2() ? avx2::add_dots<V, A>
                                : plain::add_dots<V, A>;
  run(values, rows, width, vector, dots, stride);
}

template <class V, class A>
void combine_vectors(const A* weights, int64_t rows, int64_t heads, const A* vectors, int64_t width,
                     V* values) {
  const auto run = has_avx512() ? avx512::combine_vectors<V, A>
                   : has_avx2() ? avx2::combine_vectors<V, A>
                                : plain::combine_vectors<V, A>;
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
