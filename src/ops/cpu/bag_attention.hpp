#pragma once
/// Kernels behind ops::bag_attention_pool, over some rows of one bag. V and A are float and float, Bf16 and
/// float, double and double.

#include <cstdint>

#include "ops/cpu/bfloat16.hpp"

namespace photo51::ops::cpu {

/// `attention` = softmax of `scores` over `count` rows, both `heads` wide, a head at a time.
template <class A>
void softmax_of_bag(const A* scores, int64_t count, int64_t heads, A* attention);

/// sum [width] += the sum of weights[row * stride] values[row] over the rows.
template <class V, class A>
void add_weighted_rows(const V* values, int64_t rows, int64_t width, const A* weights, int64_t stride,
                       A* sum);

/// dots[row * stride] += values[row] . vector.
template <class V, class A>
void add_dots(const V* values, int64_t rows, int64_t width, const A* vector, A* dots, int64_t stride);

/// values[row] = the sum of weights[row, head] vectors[head], with weights [rows, heads], vectors [heads,
/// width].
template <class V, class A>
void combine_vectors(const A* weights, int64_t rows, int64_t heads, const A* vectors, int64_t width,
                     V* values);

}  // namespace photo51::ops::cpu
