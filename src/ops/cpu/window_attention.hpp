#pragma once
/// Kernels behind ops::window_attention, over raw memory.

#include <cstdint>
#include <type_traits>
#include <vector>

#include "ops/cpu/bfloat16.hpp"
#include "ops/window_grid.hpp"

namespace photo51::ops::cpu {

/// What a window's places are in the map.
struct WindowPlaces {
  std::vector<int64_t> row;   ///< of each place, counted over all cases; -1: a padded place
  std::vector<int32_t> part;  ///< places of different parts are no neighbours in the map
  bool is_parted = false;     ///< there are several parts
};
void find_places(const WindowGrid& grid, int64_t window, WindowPlaces& places);

/// What is summed, and the type of bias, scales and logarithms.
template <class T>
using WindowSum = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
struct WindowInputs {
  const T* qkv;                ///< [rows, 3, heads, head_dim]
  const T* padding;            ///< [3, heads, head_dim] of padded places; null without
  const WindowSum<T>* bias;    ///< [heads, query, key]
  const WindowSum<T>* scales;  ///< [heads] of the cosines; null: products by 1 / sqrt(head_dim)
};

/// `out` [rows, heads, head_dim]; `logarithms` [windows, heads, places] of the softmax's sums.
template <class T>
void window_attention(const WindowGrid& grid, const WindowInputs<T>& in, T* out, WindowSum<T>* logarithms);

/// Null: not asked for. All but `qkv` are sums, in an order that depends on the number of threads alone.
template <class T>
struct WindowGradients {
  T* qkv;
  WindowSum<T>*padding, *bias, *scales;
};
template <class T>
void window_attention_backward(const WindowGrid& grid, const WindowInputs<T>& in, const T* grad_out,
                               const WindowSum<T>* logarithms, const WindowGradients<T>& grads);

}  // namespace photo51::ops::cpu
