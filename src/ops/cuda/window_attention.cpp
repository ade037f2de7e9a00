#include "ops/cuda/window_attention.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <algorithm>
#include <string>

#include "ops/cuda/library.hpp"
#include "ops/cuda/tensors.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops::cuda {
namespace {

WindowTask window_task(const WindowAttentionCall& call) {
  WindowTask task;
  task.grid = call.grid;
  task.qkv = values_of(call.qkv);
  task.padding = values_of(call.padding);
  task.bias = values_of(call.bias);
  task.scales = values_of(call.scales);
  return task;
}

void require_room_for_windows(bool fits, const WindowGrid& grid) {
  if (!fits)
    core::fail_usage("window_attention: windows of " + std::to_string(grid.places()) +
                     " places with heads of " + std::to_string(grid.head_dim) +
                     " channels do not fit into what threads of a GPU share; take smaller ones");
}

/// How many parts the windows are cut into, so that a GPU has enough blocks to do; of the sizes alone, since
/// sums depend on it.
int64_t window_parts(const WindowGrid& grid) {
  constexpr int64_t enough_blocks = 1024;
  return std::clamp<int64_t>(enough_blocks / (grid.heads * window_tiles(grid)), 1,
                             std::max<int64_t>(grid.windows(), 1));
}

}  // namespace

std::tuple<at::Tensor, at::Tensor> window_attention(const at::Tensor& qkv, const at::Tensor& bias,
                                                    const MaybeTensor& padding, const MaybeTensor& scales,
                                                    at::IntArrayRef window, at::IntArrayRef shift,
                                                    bool pad_after_shift) {
  const c10::DeviceGuard guard(qkv.device());
  const auto call = window_attention_call(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const auto [out, logarithms] = window_attention_outputs(call);
  if (call.is_empty()) return {out, logarithms};
  WindowTask task = window_task(call);
  task.out = values_to_fill(out);
  task.logarithms = values_to_fill(logarithms);
  const DeviceValues type = device_values(call.qkv);
  with_device_values(type, [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    require_room_for_windows(windows_fit<V, A>(task), call.grid);
    if (!call.qkv.is_cuda()) launch_windows<V, A>(task, InTurn{});
  });
  if (qkv.is_cuda()) check(library().windows(&task, type, stream_of(qkv)), "attention within windows");
  return {out, logarithms};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> window_attention_backward(
    const at::Tensor& grad_out, const at::Tensor& logarithms, const at::Tensor& qkv, const at::Tensor& bias,
    const MaybeTensor& padding, const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
    bool pad_after_shift) {
  const c10::DeviceGuard guard(qkv.device());
  const auto call = window_attention_call(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const WindowGrid& grid = call.grid;
  const at::Tensor grad = grad_out.contiguous(), to_qkv = at::empty_like(call.qkv);
  const at::Tensor sums = logarithms.contiguous(), slopes = at::empty_like(sums);
  const int64_t parts = window_parts(grid), tiles = window_tiles(grid), places = grid.places();
  const auto options = call.bias.options();
  const at::Tensor to_bias = at::zeros({parts, grid.heads, places, places}, options);
  at::Tensor to_padding, to_scales;
  if (padding) to_padding = at::zeros({parts * tiles, 3 * grid.width()}, options);
  if (scales) to_scales = at::zeros({parts * tiles, grid.heads}, options);
  if (!call.is_empty()) {
    WindowGradientTask task;
    task.of = window_task(call);
    task.of.logarithms = values_to_fill(sums);
    task.grad = values_of(grad);
    task.qkv = values_to_fill(to_qkv);
    task.parts = parts;
    task.slopes = values_to_fill(slopes);
    task.bias = values_to_fill(to_bias);
    task.padding = values_to_fill(to_padding);
    task.scales = values_to_fill(to_scales);
    const DeviceValues type = device_values(call.qkv);
    with_device_values(type, [&](auto value, auto sum) {
      using V = decltype(value);
      using A = decltype(sum);
      require_room_for_windows(window_gradients_fit<V, A>(task), grid);
      if (!qkv.is_cuda()) launch_window_gradients<V, A>(task, InTurn{});
    });
    if (qkv.is_cuda())
      check(library().windows_backward(&task, type, stream_of(qkv)),
            "the gradient of attention within windows");
  }
  const auto over_parts = [](const at::Tensor& t) { return t.defined() ? t.sum(0) : t; };
  to_padding = over_parts(to_padding);
  return {to_qkv, over_parts(to_bias), padding ? to_padding.to(qkv.scalar_type()) : to_padding,
          over_parts(to_scales)};
}

TORCH_LIBRARY_IMPL(photo51, CUDA, m) {
  m.impl("window_attention", TORCH_FN(cuda::window_attention));
  m.impl("window_attention_backward", TORCH_FN(cuda::window_attention_backward));
}

}  // namespace photo51::ops::cuda
