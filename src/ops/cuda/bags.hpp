#pragma once
/// What one thread of the CUDA kernels of ragged bags does: attention pooling (ops::bag_attention_pool) and
/// the scores of gated attention (ops::gated_scores), forward and backward. Plain C++ too, so that it is
/// tested without a GPU: threads of a block wait for each other between the functions of a kernel, never
/// within one. Sums are taken in an order that depends on the sizes alone.

#include <cmath>
#include <cstdint>

#include "ops/cuda/values.hpp"

namespace photo51::ops::cuda {

constexpr int kBagThreads = 256;  ///< a block
constexpr int kRowThreads = 32;   ///< that share a row, so that they read what lies side by side

/// Some rows of one bag, as ops::BagBlock has them.
struct BagRows {
  int64_t bag, begin, end;
};

/// Pointers of one device; `values` of the type that is said beside the task, all other floating ones of the
/// type that sums have.
struct BagTask {
  const void* values = nullptr;            ///< [N, width]
  const int64_t* offsets = nullptr;        ///< [bags + 1]
  const BagRows* blocks = nullptr;         ///< of all bags, in order
  const int64_t* block_offsets = nullptr;  ///< [bags + 1], where a bag's blocks begin
  int64_t bags = 0, block_count = 0, width = 0, heads = 0;
};

// --- the softmax of a bag and head

template <class A>
PHOTO51_DEVICE A largest_of_share(const BagTask& task, const A* scores, int64_t bag, int64_t head,
                                  int thread) {
  A largest = -INFINITY;
  for (int64_t i = task.offsets[bag] + thread; i < task.offsets[bag + 1]; i += kBagThreads) {
    const A score = scores[i * task.heads + head];
    if (!(score <= largest)) largest = score;
  }
  return largest;
}
template <class A>
PHOTO51_DEVICE A largest_of_all(const A* shares) {
  A largest = shares[0];
  for (int i = 1; i < kBagThreads; ++i)
    if (!(shares[i] <= largest)) largest = shares[i];
  return largest;
}
template <class A>
PHOTO51_DEVICE A sum_of_all(const A* shares) {
  A sum = 0;
  for (int i = 0; i < kBagThreads; ++i) sum += shares[i];
  return sum;
}
/// Writes weights that still want their scale; what they sum to.
template <class A>
PHOTO51_DEVICE A exponentials(const BagTask& task, const A* scores, A largest, int64_t bag, int64_t head,
                              int thread, A* attention) {
  A sum = 0;
  for (int64_t i = task.offsets[bag] + thread; i < task.offsets[bag + 1]; i += kBagThreads) {
    const A weight = std::exp(scores[i * task.heads + head] - largest);
    attention[i * task.heads + head] = weight;
    sum += weight;
  }
  return sum;
}
template <class A>
PHOTO51_DEVICE void divide_by(const BagTask& task, A sum, int64_t bag, int64_t head, int thread,
                              A* attention) {
  for (int64_t i = task.offsets[bag] + thread; i < task.offsets[bag + 1]; i += kBagThreads)
    attention[i * task.heads + head] /= sum;
}

// --- the weighted sums

/// Of a block's rows: partial [blocks, heads, width].
template <class V, class A>
PHOTO51_DEVICE void sum_rows(const BagTask& task, const A* attention, int64_t block, int64_t head, int thread,
                             A* partial) {
  const auto* values = static_cast<const V*>(task.values);
  const BagRows rows = task.blocks[block];
  for (int64_t i = thread; i < task.width; i += kBagThreads) {
    A sum = 0;
    for (int64_t row = rows.begin; row < rows.end; ++row)
      sum += attention[row * task.heads + head] * widened(values[row * task.width + i]);
    partial[(block * task.heads + head) * task.width + i] = sum;
  }
}
/// Of a bag's blocks: pooled [bags, heads, width].
template <class A>
PHOTO51_DEVICE void sum_blocks(const BagTask& task, const A* partial, int64_t bag, int64_t head, int thread,
                               A* pooled) {
  for (int64_t i = thread; i < task.width; i += kBagThreads) {
    A sum = 0;
    for (int64_t block = task.block_offsets[bag]; block < task.block_offsets[bag + 1]; ++block)
      sum += partial[(block * task.heads + head) * task.width + i];
    pooled[(bag * task.heads + head) * task.width + i] = sum;
  }
}

// --- backward, first by rows: `turn` is which rows of a block its threads are at

constexpr int kRowsAtOnce = kBagThreads / kRowThreads;

/// A thread's part of values[row] . grad_pooled[bag, head].
template <class V, class A>
PHOTO51_DEVICE A part_of_dot(const BagTask& task, const A* grad_pooled, int64_t block, int64_t head,
                             int64_t turn, int thread) {
  const BagRows rows = task.blocks[block];
  const int64_t row = rows.begin + turn * kRowsAtOnce + thread / kRowThreads;
  if (row >= rows.end) return 0;
  const V* const values = static_cast<const V*>(task.values) + row * task.width;
  const A* const by = grad_pooled + (rows.bag * task.heads + head) * task.width;
  A sum = 0;
  for (int64_t i = thread % kRowThreads; i < task.width; i += kRowThreads) sum += by[i] * widened(values[i]);
  return sum;
}
/// Adds it to grad_scores, where the gradient by attention is. One thread a row.
template <class A>
PHOTO51_DEVICE void add_dot(const BagTask& task, const A* parts, int64_t block, int64_t head, int64_t turn,
                            int thread, A* grad_scores) {
  const BagRows rows = task.blocks[block];
  const int64_t row = rows.begin + turn * kRowsAtOnce + thread;
  if (thread >= kRowsAtOnce || row >= rows.end) return;
  A sum = 0;
  for (int i = 0; i < kRowThreads; ++i) sum += parts[thread * kRowThreads + i];
  grad_scores[row * task.heads + head] += sum;
}
/// grad_values[row] = the sum of attention[row, head] grad_pooled[bag, head] over the heads.
template <class V, class A>
PHOTO51_DEVICE void spread_rows(const BagTask& task, const A* attention, const A* grad_pooled, int64_t block,
                                int thread, V* grad_values) {
  const BagRows rows = task.blocks[block];
  for (int64_t i = thread; i < (rows.end - rows.begin) * task.width; i += kBagThreads) {
    const int64_t row = rows.begin + i / task.width, column = i % task.width;
    A sum = 0;
    for (int64_t head = 0; head < task.heads; ++head)
      sum += attention[row * task.heads + head] *
             grad_pooled[(rows.bag * task.heads + head) * task.width + column];
    store_as(grad_values[row * task.width + column], sum);
  }
}

// --- backward, then through the softmax of a bag and head

template <class A>
PHOTO51_DEVICE A weighted_gradients(const BagTask& task, const A* attention, const A* grad_scores,
                                    int64_t bag, int64_t head, int thread) {
  A sum = 0;
  for (int64_t i = task.offsets[bag] + thread; i < task.offsets[bag + 1]; i += kBagThreads)
    sum += attention[i * task.heads + head] * grad_scores[i * task.heads + head];
  return sum;
}
template <class A>
PHOTO51_DEVICE void through_softmax(const BagTask& task, const A* attention, A sum, int64_t bag, int64_t head,
                                    int thread, A* grad_scores) {
  for (int64_t i = task.offsets[bag] + thread; i < task.offsets[bag + 1]; i += kBagThreads) {
    A& grad = grad_scores[i * task.heads + head];
    grad = attention[i * task.heads + head] * (grad - sum);
  }
}

// --- gated scores

constexpr int64_t kGatedRows = 256;  ///< that a block of the backward pass takes

struct GatedTask {
  const void* gates = nullptr;  ///< [rows, 2 width], of the type that is said beside the task
  const void *bias = nullptr, *weight = nullptr;  ///< [2 width], [heads, width], of the type of sums
  int64_t rows = 0, width = 0, heads = 0;

  PHOTO51_DEVICE int64_t parts() const { return (rows + kGatedRows - 1) / kGatedRows; }
};

template <class A>
struct Gate {
  A tanh_v, sigmoid_u;
};
template <class V, class A>
PHOTO51_DEVICE Gate<A> gate_at(const GatedTask& task, int64_t row, int64_t column) {
  const V* const gates = static_cast<const V*>(task.gates) + row * 2 * task.width;
  const auto* bias = static_cast<const A*>(task.bias);
  const A v = widened(gates[column]) + bias[column];
  const A u = widened(gates[task.width + column]) + bias[task.width + column];
  return {static_cast<A>(std::tanh(v)), A(1) / (A(1) + static_cast<A>(std::exp(-u)))};
}

/// A thread's part of the score of row `first` + thread / kRowThreads.
template <class V, class A>
PHOTO51_DEVICE A part_of_score(const GatedTask& task, int64_t first, int64_t head, int thread) {
  const int64_t row = first + thread / kRowThreads;
  if (row >= task.rows) return 0;
  const A* const weight = static_cast<const A*>(task.weight) + head * task.width;
  A sum = 0;
  for (int64_t i = thread % kRowThreads; i < task.width; i += kRowThreads) {
    const Gate<A> gate = gate_at<V, A>(task, row, i);
    sum += weight[i] * gate.tanh_v * gate.sigmoid_u;
  }
  return sum;
}
template <class A>
PHOTO51_DEVICE void write_score(const GatedTask& task, const A* parts, int64_t first, int64_t head,
                                int thread, A* scores) {
  if (thread >= kRowsAtOnce || first + thread >= task.rows) return;
  A sum = 0;
  for (int i = 0; i < kRowThreads; ++i) sum += parts[thread * kRowThreads + i];
  scores[(first + thread) * task.heads + head] = sum;
}

/// A thread's columns of the rows of `part`: grad_gates [rows, 2 width], and what the part adds up,
/// grad_bias [parts, 2 width] and grad_weight [parts, heads, width], which begins as zeros.
template <class V, class A>
PHOTO51_DEVICE void gated_columns(const GatedTask& task, const A* grad_scores, int64_t part, int thread,
                                  V* grad_gates, A* grad_bias, A* grad_weight) {
  const auto* weight = static_cast<const A*>(task.weight);
  const int64_t begin = part * kGatedRows;
  const int64_t end = begin + kGatedRows < task.rows ? begin + kGatedRows : task.rows;
  for (int64_t i = thread; i < task.width; i += kBagThreads) {
    A bias_v = 0, bias_u = 0;
    for (int64_t row = begin; row < end; ++row) {
      const Gate<A> gate = gate_at<V, A>(task, row, i);
      const A product = gate.tanh_v * gate.sigmoid_u;
      A grad = 0;
      for (int64_t head = 0; head < task.heads; ++head) {
        const A by = grad_scores[row * task.heads + head];
        grad += by * weight[head * task.width + i];
        grad_weight[(part * task.heads + head) * task.width + i] += by * product;
      }
      const A by_v = grad * gate.sigmoid_u * (1 - gate.tanh_v * gate.tanh_v);
      const A by_u = grad * product * (1 - gate.sigmoid_u);
      store_as(grad_gates[row * 2 * task.width + i], by_v);
      store_as(grad_gates[row * 2 * task.width + task.width + i], by_u);
      bias_v += by_v;
      bias_u += by_u;
    }
    grad_bias[part * 2 * task.width + i] = bias_v;
    grad_bias[part * 2 * task.width + task.width + i] = bias_u;
  }
}

}  // namespace photo51::ops::cuda
