#pragma once
/// The two operators behind ops::bag_attention_pool, below automatic differentiation.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace photo51::ops {

/// `photo51::bag_attention_pool(values, scores, offsets) -> (pooled, attention)`.
using BagAttentionForward = std::tuple<at::Tensor, at::Tensor>(const at::Tensor& values,
                                                               const at::Tensor& scores,
                                                               const at::Tensor& offsets);
std::tuple<at::Tensor, at::Tensor> call_bag_attention(const at::Tensor& values, const at::Tensor& scores,
                                                      const at::Tensor& offsets);
/// `photo51::bag_attention_pool_backward`: the gradients by values, undefined unless they are needed, and by
/// scores.
using BagAttentionBackward = std::tuple<at::Tensor, at::Tensor>(
    const at::Tensor& grad_pooled, const std::optional<at::Tensor>& grad_attention, const at::Tensor& values,
    const at::Tensor& attention, const at::Tensor& offsets, bool values_needed);
std::tuple<at::Tensor, at::Tensor> call_bag_attention_backward(
    const at::Tensor& grad_pooled, const std::optional<at::Tensor>& grad_attention, const at::Tensor& values,
    const at::Tensor& attention, const at::Tensor& offsets, bool values_needed);

/// Some instances of one bag. Large bags are several blocks, always of the same rows.
struct BagBlock {
  int64_t bag, begin, end;
};
constexpr int64_t rows_of_block = 512;
std::vector<BagBlock> blocks_of(const at::Tensor& offsets);

}  // namespace photo51::ops
