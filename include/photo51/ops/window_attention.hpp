#pragma once
/// Self-attention within windows of a map, plain or shifted (Liu et al., Swin transformer, ICCV 2021; version
/// 2, CVPR 2022), without copies of the map that are padded, rolled or cut into windows: places are found by
/// their numbers. An operator of LibTorch, `photo51::window_attention`, with a gradient; on the CPU, and on a
/// GPU where libphoto51_cuda is built, in float32, bfloat16 (sums and softmax in float32) and float64;
/// float16 is computed in float32.

#include <ATen/core/Tensor.h>

#include <vector>

namespace photo51::ops {

struct WindowAttention {
  std::vector<int64_t> window{};  ///< edges in places, [D,] H, W
  std::vector<int64_t> shift{};   ///< as many, at least 0 and below the window's
  /// Zeros complete the map to whole windows: before the shift, at the far ends of the map; or after it, at
  /// the far ends of the shifted map.
  bool pad_after_shift = false;
};

/// Whether there is a kernel for maps of this device and type.
bool has_window_attention(const at::Tensor& qkv);

/// `qkv` [B, [D,] H, W, 3 * heads * head_dim]: query, key and value of all heads at each place. -> [B, [D,]
/// H, W, heads * head_dim].
///   bias     [heads, N, N] (query, key) for the N places of a window, added to the products; float32, of
///   float64
///            maps float64, as `scales`
///   padding  [3 * heads * head_dim], of the type of `qkv`: what stands in for places beyond the map; may be
///            undefined where windows fit
///   scales   undefined: products are divided by sqrt(head_dim). Or [heads]: products of unit vectors, times
///            this (version 2)
/// Products of places of a window that are no neighbours in the map are lowered by 100. Gradients of `bias`,
/// `padding` and `scales` are the same to the last bit for the same number of threads, on a GPU always.
/// Errors (usage): shapes, types or devices that are not those; no padding where it is needed; on a GPU heads
/// or windows too large for what its threads share (heads of some 2000 channels, windows of some 3000
/// places).
at::Tensor window_attention(const at::Tensor& qkv, const at::Tensor& bias, const WindowAttention& of,
                            const at::Tensor& padding = {}, const at::Tensor& scales = {});

}  // namespace photo51::ops
