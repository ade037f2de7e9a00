#include "ops/bag_attention.hpp"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

#include "ops/cpu/bag_attention.hpp"
#include "ops/float_types.hpp"
#include "photo51/core/error.hpp"
#include "photo51/ops/bag_attention.hpp"
#include "photo51/ops/parallel.hpp"

namespace photo51::ops {
namespace {

/// Calls `run(block)` for all blocks.
template <class Run>
void for_each_block(const std::vector<BagBlock>& blocks, Run run) {
  in_parallel(0, static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) run(blocks[static_cast<size_t>(i)], i);
  });
}

/// The first block of a bag adds to the result, the others to sums of their own, which are added in their
/// order: what comes out does not depend on which thread took which.
template <class V, class A>
void pool_blocks(const at::Tensor& values, const at::Tensor& attention, const at::Tensor& offsets,
                 at::Tensor& pooled) {
  const int64_t heads = attention.size(1), width = values.size(1);
  const std::vector<BagBlock> blocks = blocks_of(offsets);
  at::Tensor others = at::empty({static_cast<int64_t>(blocks.size()), heads, width}, pooled.options());
  const auto* first = offsets.const_data_ptr<int64_t>();
  const auto* x = reinterpret_cast<const V*>(values.const_data_ptr());
  const auto* weights = attention.const_data_ptr<A>();
  auto *to_pooled = pooled.mutable_data_ptr<A>(), *to_others = others.mutable_data_ptr<A>();
  for_each_block(blocks, [&](const BagBlock& block, int64_t number) {
    const bool is_first = block.begin == first[block.bag];
    A* const to = is_first ? to_pooled + block.bag * heads * width : to_others + number * heads * width;
    std::fill_n(to, heads * width, A{0});
    for (int64_t head = 0; head < heads; ++head)
      cpu::add_weighted_rows(x + block.begin * width, block.end - block.begin, width,
                             weights + block.begin * heads + head, heads, to + head * width);
  });
  for (int64_t i = 0; i < static_cast<int64_t>(blocks.size()); ++i) {
    const BagBlock& block = blocks[static_cast<size_t>(i)];
    if (block.begin == first[block.bag]) continue;
    A* const to = to_pooled + block.bag * heads * width;
    for (int64_t j = 0; j < heads * width; ++j) to[j] += to_others[i * heads * width + j];
  }
}

std::tuple<at::Tensor, at::Tensor> bag_attention_forward(const at::Tensor& values, const at::Tensor& scores,
                                                         const at::Tensor& offsets) {
  const int64_t bags = offsets.size(0) - 1, heads = scores.size(1);
  const at::Tensor x = values.contiguous(), s = scores.contiguous();
  at::Tensor attention = at::empty_like(s), pooled = at::zeros({bags, heads, values.size(1)}, s.options());
  const auto* first = offsets.const_data_ptr<int64_t>();
  with_float_types(values.scalar_type(), [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const auto* from = s.const_data_ptr<A>();
    auto* to = attention.mutable_data_ptr<A>();
    in_parallel(0, bags, 1, [&](int64_t begin, int64_t end) {
      for (int64_t bag = begin; bag < end; ++bag)
        cpu::softmax_of_bag(from + first[bag] * heads, first[bag + 1] - first[bag], heads,
                            to + first[bag] * heads);
    });
    pool_blocks<V, A>(x, attention, offsets, pooled);
  });
  return {pooled, attention};
}

/// Of the gradient by attention, that by the scores: a_i (g_i - sum over the bag of a_j g_j), in its place.
template <class A>
void through_softmax(const A* attention, int64_t count, int64_t heads, A* grad) {
  for (int64_t head = 0; head < heads; ++head) {
    double sum = 0;
    for (int64_t i = head; i < count * heads; i += heads)
      sum += static_cast<double>(attention[i]) * static_cast<double>(grad[i]);
    for (int64_t i = head; i < count * heads; i += heads)
      grad[i] = attention[i] * (grad[i] - static_cast<A>(sum));
  }
}

std::tuple<at::Tensor, at::Tensor> bag_attention_backward(const at::Tensor& grad_pooled,
                                                          const std::optional<at::Tensor>& grad_attention,
                                                          const at::Tensor& values,
                                                          const at::Tensor& attention,
                                                          const at::Tensor& offsets, bool values_needed) {
  const int64_t bags = offsets.size(0) - 1, heads = attention.size(1), width = values.size(1);
  const at::Tensor x = values.contiguous(), vectors = grad_pooled.contiguous();
  at::Tensor grad_scores = grad_attention && grad_attention->defined()
                               ? grad_attention->clone(at::MemoryFormat::Contiguous)
                               : at::zeros_like(attention);
  at::Tensor grad_values = values_needed ? at::empty_like(x) : at::Tensor();
  const auto* first = offsets.const_data_ptr<int64_t>();
  with_float_types(values.scalar_type(), [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    const auto* rows = reinterpret_cast<const V*>(x.const_data_ptr());
    const auto *weights = attention.const_data_ptr<A>(), *by = vectors.const_data_ptr<A>();
    auto* to = grad_scores.mutable_data_ptr<A>();
    auto* to_values = values_needed ? reinterpret_cast<V*>(grad_values.mutable_data_ptr()) : nullptr;
    for_each_block(blocks_of(offsets), [&](const BagBlock& block, int64_t) {
      const int64_t count = block.end - block.begin;
      const A* const of_bag = by + block.bag * heads * width;
      for (int64_t head = 0; head < heads; ++head)
        cpu::add_dots(rows + block.begin * width, count, width, of_bag + head * width,
                      to + block.begin * heads + head, heads);
      if (values_needed)
        cpu::combine_vectors(weights + block.begin * heads, count, heads, of_bag, width,
                             to_values + block.begin * width);
    });
    in_parallel(0, bags, 1, [&](int64_t begin, int64_t end) {
      for (int64_t bag = begin; bag < end; ++bag)
        through_softmax(weights + first[bag] * heads, first[bag + 1] - first[bag], heads,
                        to + first[bag] * heads);
    });
  });
  return {grad_values, grad_scores};
}

void require_bags(bool condition, const char* what) {
  if (!condition) core::fail_usage(std::string("bag_attention_pool: ") + what);
}

}  // namespace

std::vector<BagBlock> blocks_of(const at::Tensor& offsets) {
  std::vector<BagBlock> blocks;
  const auto* first = offsets.const_data_ptr<int64_t>();
  for (int64_t bag = 0; bag + 1 < offsets.size(0); ++bag)
    for (int64_t begin = first[bag]; begin < first[bag + 1]; begin += rows_of_block)
      blocks.push_back({bag, begin, std::min(begin + rows_of_block, first[bag + 1])});
  return blocks;
}

std::tuple<at::Tensor, at::Tensor> call_bag_attention(const at::Tensor& values, const at::Tensor& scores,
                                                      const at::Tensor& offsets) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("photo51::bag_attention_pool", "")
                             .typed<BagAttentionForward>();
  return op.call(values, scores, offsets);
}

std::tuple<at::Tensor, at::Tensor> call_bag_attention_backward(
    const at::Tensor& grad_pooled, const std::optional<at::Tensor>& grad_attention, const at::Tensor& values,
    const at::Tensor& attention, const at::Tensor& offsets, bool values_needed) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("photo51::bag_attention_pool_backward", "")
                             .typed<BagAttentionBackward>();
  return op.call(grad_pooled, grad_attention, values, attention, offsets, values_needed);
}

BagAttention bag_attention_pool(const at::Tensor& values, const at::Tensor& scores,
                                const at::Tensor& offsets) {
  require_bags(values.defined() && values.dim() == 2 && scores.defined() && scores.dim() == 2 &&
                   values.size(0) == scores.size(0) && values.size(1) > 0 && scores.size(1) > 0,
               "takes values [N, D] and scores [N, K]");
  const at::ScalarType type = values.scalar_type();
  require_bags(is_kernel_type(type), "values are float32, bfloat16 or float64; convert them first");
  require_bags(scores.scalar_type() == sum_type(type),
               "scores are float64 beside values of float64 and float32 otherwise; convert them first");
  require_bags(scores.device() == values.device(), "values and scores lie on one device; move them first");
  require_bags(offsets.defined() && offsets.dim() == 1 && offsets.size(0) > 0 &&
                   offsets.scalar_type() == at::kLong && offsets.is_cpu() && offsets.is_contiguous(),
               "takes offsets [bags + 1], int64 on the CPU");
  const auto* first = offsets.const_data_ptr<int64_t>();
  const auto* end = first + offsets.size(0);
  require_bags(*first == 0 && *(end - 1) == values.size(0) && std::is_sorted(first, end),
               "the offsets grow from 0 to the number of instances");
  auto [pooled, attention] = call_bag_attention(values, scores, offsets);
  return {std::move(pooled), std::move(attention)};
}

bool has_bag_attention(const at::Tensor& values) {
  return has_kernels(values.device(), values.scalar_type());
}

TORCH_LIBRARY_FRAGMENT(photo51, m) {
  m.def("bag_attention_pool(Tensor values, Tensor scores, Tensor offsets) -> (Tensor, Tensor)");
  m.def(
      "bag_attention_pool_backward(Tensor grad_pooled, Tensor? grad_attention, Tensor values, "
      "Tensor attention, Tensor offsets, bool values_needed) -> (Tensor, Tensor)");
}
TORCH_LIBRARY_IMPL(photo51, CPU, m) {
  m.impl("bag_attention_pool", TORCH_FN(bag_attention_forward));
  m.impl("bag_attention_pool_backward", TORCH_FN(bag_attention_backward));
}

}  // namespace photo51::ops
