#include "ops/cuda/kernels.hpp"

namespace photo51::ops::cuda {
namespace {

/// Blocks are bags, along y heads.
template <class A>
__global__ void softmax_kernel(BagTask task, const A* scores, A* attention) {
  __shared__ A shares[kBagThreads];
  const int thread = threadIdx.x;
  const int64_t bag = blockIdx.x, head = blockIdx.y;
  shares[thread] = largest_of_share(task, scores, bag, head, thread);
  __syncthreads();
  const A largest = largest_of_all(shares);
  __syncthreads();
  shares[thread] = exponentials(task, scores, largest, bag, head, thread, attention);
  __syncthreads();
  divide_by(task, sum_of_all(shares), bag, head, thread, attention);
}

/// Blocks are those of the bags, along y heads.
template <class V, class A>
__global__ void rows_kernel(BagTask task, const A* attention, A* partial) {
  sum_rows<V>(task, attention, blockIdx.x, blockIdx.y, threadIdx.x, partial);
}

template <class A>
__global__ void blocks_kernel(BagTask task, const A* partial, A* pooled) {
  sum_blocks(task, partial, blockIdx.x, blockIdx.y, threadIdx.x, pooled);
}

template <class V, class A>
__global__ void dots_kernel(BagTask task, const A* attention, const A* grad_pooled, A* grad_scores,
                            V* grad_values) {
  __shared__ A parts[kBagThreads];
  const int thread = threadIdx.x;
  const int64_t block = blockIdx.x;
  const int64_t rows = task.blocks[block].end - task.blocks[block].begin;
  for (int64_t head = 0; head < task.heads; ++head)
    for (int64_t turn = 0; turn * kRowsAtOnce < rows; ++turn) {
      parts[thread] = part_of_dot<V>(task, grad_pooled, block, head, turn, thread);
      __syncthreads();
      add_dot(task, parts, block, head, turn, thread, grad_scores);
      __syncthreads();
    }
  if (grad_values != nullptr) spread_rows(task, attention, grad_pooled, block, thread, grad_values);
}

template <class A>
__global__ void softmax_backward_kernel(BagTask task, const A* attention, A* grad_scores) {
  __shared__ A shares[kBagThreads];
  const int thread = threadIdx.x;
  const int64_t bag = blockIdx.x, head = blockIdx.y;
  shares[thread] = weighted_gradients(task, attention, grad_scores, bag, head, thread);
  __syncthreads();
  through_softmax(task, attention, sum_of_all(shares), bag, head, thread, grad_scores);
}

template <class V, class A>
__global__ void gated_kernel(GatedTask task, A* scores) {
  __shared__ A parts[kBagThreads];
  const int thread = threadIdx.x;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * kRowsAtOnce;
  parts[thread] = part_of_score<V, A>(task, first, blockIdx.y, thread);
  __syncthreads();
  write_score(task, parts, first, blockIdx.y, thread, scores);
}

template <class V, class A>
__global__ void gated_backward_kernel(GatedTask task, const A* grad_scores, V* grad_gates, A* grad_bias,
                                      A* grad_weight) {
  gated_columns(task, grad_scores, blockIdx.x, threadIdx.x, grad_gates, grad_bias, grad_weight);
}

dim3 grid(int64_t x, int64_t y = 1) {
  return dim3(static_cast<unsigned>(x), static_cast<unsigned>(y));
}

}  // namespace

extern "C" {

int photo51_cuda_bags(const BagTask* task, DeviceValues type, const void* scores, void* attention,
                      void* partial, void* pooled, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  with_device_values(type, [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const dim3 bags = grid(task->bags, task->heads);
    softmax_kernel<<<bags, kBagThreads, 0, on>>>(*task, static_cast<const A*>(scores),
                                                 static_cast<A*>(attention));
    if (task->block_count > 0)
      rows_kernel<V><<<grid(task->block_count, task->heads), kBagThreads, 0, on>>>(
          *task, static_cast<const A*>(attention), static_cast<A*>(partial));
    blocks_kernel<<<bags, kBagThreads, 0, on>>>(*task, static_cast<const A*>(partial),
                                                static_cast<A*>(pooled));
  });
  return cudaGetLastError();
}

int photo51_cuda_bags_backward(const BagTask* task, DeviceValues type, const void* attention,
                               const void* grad_pooled, void* grad_scores, void* grad_values, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  with_device_values(type, [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const auto* weights = static_cast<const A*>(attention);
    auto* scores = static_cast<A*>(grad_scores);
    if (task->block_count > 0)
      dots_kernel<V><<<grid(task->block_count), kBagThreads, 0, on>>>(
          *task, weights, static_cast<const A*>(grad_pooled), scores, static_cast<V*>(grad_values));
    softmax_backward_kernel<<<grid(task->bags, task->heads), kBagThreads, 0, on>>>(*task, weights, scores);
  });
  return cudaGetLastError();
}

int photo51_cuda_gated(const GatedTask* task, DeviceValues type, void* scores, void* stream) {
  const int64_t blocks = (task->rows + kRowsAtOnce - 1) / kRowsAtOnce;
  with_device_values(type, [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    gated_kernel<V><<<grid(blocks, task->heads), kBagThreads, 0, static_cast<cudaStream_t>(stream)>>>(
        *task, static_cast<A*>(scores));
  });
  return cudaGetLastError();
}

int photo51_cuda_gated_backward(const GatedTask* task, DeviceValues type, const void* grad_scores,
                                void* grad_gates, void* grad_bias, void* grad_weight, void* stream) {
  with_device_values(type, [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    gated_backward_kernel<<<grid(task->parts()), kBagThreads, 0, static_cast<cudaStream_t>(stream)>>>(
        *task, static_cast<const A*>(grad_scores), static_cast<V*>(grad_gates), static_cast<A*>(grad_bias),
        static_cast<A*>(grad_weight));
  });
  return cudaGetLastError();
}
}

}  // namespace photo51::ops::cuda
