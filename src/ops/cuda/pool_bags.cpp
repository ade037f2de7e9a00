#include "ops/cuda/pool_bags.hpp"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <array>
#include <vector>

#include "ops/cuda/library.hpp"
#include "ops/cuda/tensors.hpp"

namespace photo51::ops::cuda {
namespace {

/// A task and the tensors that it points to.
struct BagsOnDevice {
  BagsOnDevice(const at::Tensor& values, int64_t heads, const at::Tensor& host_offsets)
      : x(values.contiguous()) {
    std::vector<int64_t> numbers, firsts{0};
    for (const BagBlock& block : blocks_of(host_offsets)) {
      numbers.insert(numbers.end(), {block.bag, block.begin, block.end});
      firsts.resize(static_cast<size_t>(block.bag) + 1, firsts.back());
      firsts.push_back(static_cast<int64_t>(numbers.size()) / 3);
    }
    firsts.resize(static_cast<size_t>(host_offsets.size(0)), firsts.back());
    offsets = host_offsets.to(x.device());
    blocks = at::tensor(numbers, at::kLong).to(x.device());
    block_offsets = at::tensor(firsts, at::kLong).to(x.device());
    task.values = x.const_data_ptr();
    task.offsets = offsets.const_data_ptr<int64_t>();
    task.blocks = reinterpret_cast<const BagRows*>(blocks.const_data_ptr<int64_t>());
    task.block_offsets = block_offsets.const_data_ptr<int64_t>();
    task.bags = host_offsets.size(0) - 1;
    task.block_count = static_cast<int64_t>(numbers.size()) / 3;
    task.width = x.size(1);
    task.heads = heads;
  }

  at::Tensor x, offsets, blocks, block_offsets;
  BagTask task;
};

/// What the kernels do, thread by thread. Between two barriers all threads of a block run first.
template <class Function>
void each_thread(Function function) {
  for (int thread = 0; thread < kBagThreads; ++thread) function(thread);
}

template <class A, class Function>
std::array<A, kBagThreads> shares_of_threads(Function function) {
  std::array<A, kBagThreads> shares{};
  each_thread([&](int thread) { shares[static_cast<size_t>(thread)] = function(thread); });
  return shares;
}

template <class Function>
void each_bag_and_head(const BagTask& task, Function function) {
  for (int64_t bag = 0; bag < task.bags; ++bag)
    for (int64_t head = 0; head < task.heads; ++head) function(bag, head);
}

template <class V, class A>
void pool_in_turn(const BagTask& task, const A* scores, A* attention, A* partial, A* pooled) {
  each_bag_and_head(task, [&](int64_t bag, int64_t head) {
    const auto largest =
        shares_of_threads<A>([&](int thread) { return largest_of_share(task, scores, bag, head, thread); });
    const A most = largest_of_all(largest.data());
    const auto sums = shares_of_threads<A>(
        [&](int thread) { return exponentials(task, scores, most, bag, head, thread, attention); });
    each_thread([&](int thread) { divide_by(task, sum_of_all(sums.data()), bag, head, thread, attention); });
  });
  for (int64_t block = 0; block < task.block_count; ++block)
    for (int64_t head = 0; head < task.heads; ++head)
      each_thread([&](int thread) { sum_rows<V>(task, attention, block, head, thread, partial); });
  each_bag_and_head(task, [&](int64_t bag, int64_t head) {
    each_thread([&](int thread) { sum_blocks(task, partial, bag, head, thread, pooled); });
  });
}

template <class V, class A>
void pool_backward_in_turn(const BagTask& task, const A* attention, const A* grad_pooled, A* grad_scores,
                           V* grad_values) {
  for (int64_t block = 0; block < task.block_count; ++block) {
    const int64_t rows = task.blocks[block].end - task.blocks[block].begin;
    for (int64_t head = 0; head < task.heads; ++head)
      for (int64_t turn = 0; turn * kRowsAtOnce < rows; ++turn) {
        const auto parts = shares_of_threads<A>(
            [&](int thread) { return part_of_dot<V>(task, grad_pooled, block, head, turn, thread); });
        each_thread([&](int thread) { add_dot(task, parts.data(), block, head, turn, thread, grad_scores); });
      }
    if (grad_values != nullptr)
      each_thread([&](int thread) { spread_rows(task, attention, grad_pooled, block, thread, grad_values); });
  }
  each_bag_and_head(task, [&](int64_t bag, int64_t head) {
    const auto sums = shares_of_threads<A>(
        [&](int thread) { return weighted_gradients(task, attention, grad_scores, bag, head, thread); });
    each_thread([&](int thread) {
      through_softmax(task, attention, sum_of_all(sums.data()), bag, head, thread, grad_scores);
    });
  });
}

template <class V, class A>
void score_in_turn(const GatedTask& task, A* scores) {
  for (int64_t first = 0; first < task.rows; first += kRowsAtOnce)
    for (int64_t head = 0; head < task.heads; ++head) {
      const auto parts =
          shares_of_threads<A>([&](int thread) { return part_of_score<V, A>(task, first, head, thread); });
      each_thread([&](int thread) { write_score(task, parts.data(), first, head, thread, scores); });
    }
}

GatedTask gated_task(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  GatedTask task;
  task.gates = gates.const_data_ptr();
  task.bias = bias.const_data_ptr();
  task.weight = weight.const_data_ptr();
  task.rows = gates.size(0);
  task.width = weight.size(1);
  task.heads = weight.size(0);
  return task;
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> bag_attention(const at::Tensor& values, const at::Tensor& scores,
                                                 const at::Tensor& offsets) {
  const c10::DeviceGuard guard(values.device());
  const at::Tensor s = scores.contiguous();
  const BagsOnDevice on(values, s.size(1), offsets);
  const BagTask& task = on.task;
  at::Tensor attention = at::empty_like(s);
  at::Tensor pooled = at::empty({task.bags, task.heads, task.width}, s.options());
  at::Tensor partial = at::empty({task.block_count, task.heads, task.width}, s.options());
  if (pooled.numel() == 0) return {pooled, attention};
  if (values.is_cuda()) {
    check(library().bags(&task, device_values(values), s.const_data_ptr(), attention.mutable_data_ptr(),
                         partial.mutable_data_ptr(), pooled.mutable_data_ptr(), stream_of(values)),
          "pool bags");
  } else {
    with_device_values(device_values(values), [&](auto value, auto sum) {
      using A = decltype(sum);
      pool_in_turn<decltype(value)>(task, s.const_data_ptr<A>(), attention.mutable_data_ptr<A>(),
                                    partial.mutable_data_ptr<A>(), pooled.mutable_data_ptr<A>());
    });
  }
  return {pooled, attention};
}

std::tuple<at::Tensor, at::Tensor> bag_attention_backward(const at::Tensor& grad_pooled,
                                                          const std::optional<at::Tensor>& grad_attention,
                                                          const at::Tensor& values,
                                                          const at::Tensor& attention,
                                                          const at::Tensor& offsets, bool values_needed) {
  const c10::DeviceGuard guard(values.device());
  const BagsOnDevice on(values, attention.size(1), offsets);
  const BagTask& task = on.task;
  const at::Tensor by = grad_pooled.contiguous();
  at::Tensor grad_scores = grad_attention && grad_attention->defined()
                               ? grad_attention->clone(at::MemoryFormat::Contiguous)
                               : at::zeros_like(attention);
  at::Tensor grad_values = values_needed ? at::zeros_like(on.x) : at::Tensor();
  void* to_values = values_needed ? grad_values.mutable_data_ptr() : nullptr;
  if (attention.numel() == 0) return {grad_values, grad_scores};
  if (values.is_cuda()) {
    check(
        library().bags_backward(&task, device_values(values), attention.const_data_ptr(), by.const_data_ptr(),
                                grad_scores.mutable_data_ptr(), to_values, stream_of(values)),
        "the gradient of pooled bags");
  } else {
    with_device_values(device_values(values), [&](auto value, auto sum) {
      using V = decltype(value);
      using A = decltype(sum);
      pool_backward_in_turn(task, attention.const_data_ptr<A>(), by.const_data_ptr<A>(),
                            grad_scores.mutable_data_ptr<A>(), static_cast<V*>(to_values));
    });
  }
  return {grad_values, grad_scores};
}

at::Tensor gated_scores(const at::Tensor& gates, const at::Tensor& bias, const at::Tensor& weight) {
  const c10::DeviceGuard guard(gates.device());
  const at::Tensor x = gates.contiguous(), b = bias.contiguous(), w = weight.contiguous();
  const GatedTask task = gated_task(x, b, w);
  at::Tensor scores = at::empty({task.rows, task.heads}, w.options());
  if (scores.numel() == 0) return scores;
  if (gates.is_cuda()) {
    check(library().gated(&task, device_values(x), scores.mutable_data_ptr(), stream_of(x)), "gated scores");
  } else {
    with_device_values(device_values(x), [&](auto value, auto sum) {
      using A = decltype(sum);
      score_in_turn<decltype(value)>(task, scores.mutable_data_ptr<A>());
    });
  }
  return scores;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> gated_scores_backward(const at::Tensor& grad_scores,
                                                                     const at::Tensor& gates,
                                                                     const at::Tensor& bias,
                                                                     const at::Tensor& weight) {
  const c10::DeviceGuard guard(gates.device());
  const at::Tensor x = gates.contiguous(), b = bias.contiguous(), w = weight.contiguous();
  const at::Tensor by = grad_scores.contiguous();
  const GatedTask task = gated_task(x, b, w);
  at::Tensor grad_gates = at::empty_like(x);
  at::Tensor grad_bias = at::zeros({task.parts(), 2 * task.width}, b.options());
  at::Tensor grad_weight = at::zeros({task.parts(), task.heads, task.width}, w.options());
  if (task.rows > 0 && gates.is_cuda()) {
    check(
        library().gated_backward(&task, device_values(x), by.const_data_ptr(), grad_gates.mutable_data_ptr(),
                                 grad_bias.mutable_data_ptr(), grad_weight.mutable_data_ptr(), stream_of(x)),
        "the gradient of gated scores");
  } else {
    with_device_values(device_values(x), [&](auto value, auto sum) {
      using V = decltype(value);
      using A = decltype(sum);
      for (int64_t part = 0; part < task.parts(); ++part)
        each_thread([&](int thread) {
          gated_columns(task, by.const_data_ptr<A>(), part, thread,
                        static_cast<V*>(grad_gates.mutable_data_ptr()), grad_bias.mutable_data_ptr<A>(),
                        grad_weight.mutable_data_ptr<A>());
        });
    });
  }
  return {grad_gates, grad_bias.sum(0), grad_weight.sum(0)};
}

TORCH_LIBRARY_IMPL(photo51, CUDA, m) {
  m.impl("bag_attention_pool", TORCH_FN(bag_attention));
  m.impl("bag_attention_pool_backward", TORCH_FN(bag_attention_backward));
  m.impl("gated_scores", TORCH_FN(cuda::gated_scores));
  m.impl("gated_scores_backward", TORCH_FN(cuda::gated_scores_backward));
}

}  // namespace photo51::ops::cuda
