#include "photo51/ops/window_attention.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <string>
#include <utility>

#include "ops/cpu/window_attention.hpp"
#include "ops/float_types.hpp"
#include "ops/window_attention.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

[[noreturn]] void fail_window(const std::string& what) {
  core::fail_usage("window_attention: " + what);
}

WindowGrid window_grid(const at::Tensor& qkv, const at::Tensor& bias, const MaybeTensor& padding,
                       const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
                       bool pad_after_shift) {
  const size_t dims = window.size();
  if (!is_kernel_type(qkv.scalar_type())) fail_window("maps are float32, bfloat16 or float64");
  if ((dims != 2 && dims != 3) || shift.size() != dims || qkv.dim() != static_cast<int64_t>(dims) + 2)
    fail_window("a map [B, [D,] H, W, 3 C] needs a window and a shift of its 2 or 3 axes");
  WindowGrid grid;
  grid.batch = qkv.size(0);
  for (size_t axis = 0; axis < dims; ++axis) {
    const size_t to = axis + 3 - dims;
    grid.size[to] = qkv.size(static_cast<int64_t>(axis) + 1);
    grid.window[to] = window[axis];
    grid.shift[to] = shift[axis];
    if (window[axis] < 1 || shift[axis] < 0 || shift[axis] >= window[axis])
      fail_window("edges of a window are at least 1, and shifts at least 0 and below them");
  }
  grid.pad_after_shift = pad_after_shift;
  const int64_t places = grid.places(), channels = qkv.size(-1);
  if (bias.dim() != 3 || bias.size(0) < 1 || bias.size(1) != places || bias.size(2) != places)
    fail_window("the bias is [heads, N, N] of the N = " + std::to_string(places) + " places of a window");
  grid.heads = bias.size(0);
  if (channels == 0 || channels % (3 * grid.heads) != 0)
    fail_window(std::to_string(channels) + " channels are not query, key and value of " +
                std::to_string(grid.heads) + " heads");
  grid.head_dim = channels / (3 * grid.heads);
  const bool padded = grid.is_padded() && qkv.numel() > 0;
  if (padded && !padding)
    fail_window("the map is no multiple of the window; give what stands in for places beyond it (`padding`)");
  if (padding &&
      (padding->sizes() != at::IntArrayRef{channels} || padding->scalar_type() != qkv.scalar_type()))
    fail_window("`padding` has the channels and the type of the map");
  if (scales && scales->sizes() != at::IntArrayRef{grid.heads}) fail_window("`scales` has a number a head");
  if (bias.scalar_type() != sum_type(qkv.scalar_type()) ||
      (scales && scales->scalar_type() != sum_type(qkv.scalar_type())))
    fail_window("bias and scales are float32, for a map in float64 float64");
  for (const auto& [name, tensor] :
       {std::pair{"the bias", MaybeTensor(bias)}, {"`padding`", padding}, {"`scales`", scales}})
    if (tensor && tensor->device() != qkv.device())
      fail_window(std::string(name) + " is on " + tensor->device().str() + ", the map on " +
                  qkv.device().str() + "; move it there");
  return grid;
}

at::Tensor dense_or_none(const MaybeTensor& tensor) {
  return tensor ? tensor->contiguous() : at::Tensor();
}

template <class V, class A>
cpu::WindowInputs<V> window_inputs(const WindowAttentionCall& call) {
  return {kernel_values<V>(call.qkv), kernel_values<V>(call.padding), kernel_values<A>(call.bias),
          kernel_values<A>(call.scales)};
}

std::tuple<at::Tensor, at::Tensor> window_attention_cpu(const at::Tensor& qkv, const at::Tensor& bias,
                                                        const MaybeTensor& padding, const MaybeTensor& scales,
                                                        at::IntArrayRef window, at::IntArrayRef shift,
                                                        bool pad_after_shift) {
  const auto call = window_attention_call(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const auto [out, logarithms] = window_attention_outputs(call);
  if (call.is_empty()) return {out, logarithms};
  with_float_types(qkv.scalar_type(), [&, &to = out, &to_logarithms = logarithms](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    cpu::window_attention<V>(call.grid, window_inputs<V, A>(call), kernel_values_to_fill<V>(to),
                             kernel_values_to_fill<A>(to_logarithms));
  });
  return {out, logarithms};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> window_attention_backward_cpu(
    const at::Tensor& grad_out, const at::Tensor& logarithms, const at::Tensor& qkv, const at::Tensor& bias,
    const MaybeTensor& padding, const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
    bool pad_after_shift) {
  const auto call = window_attention_call(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const at::Tensor grad = grad_out.contiguous(), to_qkv = at::empty(qkv.sizes(), qkv.options());
  const at::Tensor to_bias = at::zeros(bias.sizes(), bias.options());
  const at::Tensor to_padding = padding ? at::zeros(padding->sizes(), bias.options()) : at::Tensor();
  const at::Tensor to_scales = scales ? at::zeros(scales->sizes(), bias.options()) : at::Tensor();
  with_float_types(qkv.scalar_type(), [&](auto value, auto sum) {
    using V = decltype(value);
    using A = decltype(sum);
    if (call.is_empty()) return;
    cpu::window_attention_backward<V>(
        call.grid, window_inputs<V, A>(call), kernel_values<V>(grad), kernel_values<A>(logarithms),
        {kernel_values_to_fill<V>(to_qkv), kernel_values_to_fill<A>(to_padding),
         kernel_values_to_fill<A>(to_bias), kernel_values_to_fill<A>(to_scales)});
  });
  return {to_qkv, to_bias, padding ? to_padding.to(qkv.scalar_type()) : to_padding, to_scales};
}

}  // namespace

WindowAttentionCall window_attention_call(const at::Tensor& qkv, const at::Tensor& bias,
                                          const MaybeTensor& padding, const MaybeTensor& scales,
                                          at::IntArrayRef window, at::IntArrayRef shift,
                                          bool pad_after_shift) {
  return {window_grid(qkv, bias, padding, scales, window, shift, pad_after_shift), qkv.contiguous(),
          bias.contiguous(), dense_or_none(padding), dense_or_none(scales)};
}

std::tuple<at::Tensor, at::Tensor> window_attention_outputs(const WindowAttentionCall& call) {
  auto sizes = call.qkv.sizes().vec();
  sizes.back() = call.grid.width();
  const int64_t windows = call.is_empty() ? 0 : call.grid.windows();
  return {at::empty(sizes, call.qkv.options()),
          at::empty({windows, call.grid.heads, call.grid.places()}, call.bias.options())};
}

bool has_window_attention(const at::Tensor& qkv) {
  const at::ScalarType type = qkv.scalar_type();
  return has_kernels(qkv.device(), type == at::kHalf ? at::kFloat : type);
}

at::Tensor window_attention(const at::Tensor& qkv, const at::Tensor& bias, const WindowAttention& of,
                            const at::Tensor& padding, const at::Tensor& scales) {
  if (qkv.scalar_type() == at::kHalf)  // no kernel of its own
    return window_attention(qkv.to(at::kFloat), bias, of,
                            padding.defined() ? padding.to(at::kFloat) : padding, scales)
        .to(at::kHalf);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("photo51::window_attention", "")
                             .typed<WindowAttentionForward>();
  const auto maybe = [](const at::Tensor& tensor) {
    return tensor.defined() ? MaybeTensor(tensor) : std::nullopt;
  };
  return std::get<0>(
      op.call(qkv, bias, maybe(padding), maybe(scales), of.window, of.shift, of.pad_after_shift));
}

TORCH_LIBRARY_FRAGMENT(photo51, m) {
  m.def(
      "window_attention(Tensor qkv, Tensor bias, Tensor? padding, Tensor? scales, int[] window, int[] shift, "
      "bool pad_after_shift) -> (Tensor, Tensor)");
  m.def(
      "window_attention_backward(Tensor grad, Tensor logarithms, Tensor qkv, Tensor bias, Tensor? padding, "
      "Tensor? scales, int[] window, int[] shift, bool pad_after_shift) -> (Tensor, Tensor, Tensor, Tensor)");
}

TORCH_LIBRARY_IMPL(photo51, CPU, m) {
  m.impl("window_attention", window_attention_cpu);
  m.impl("window_attention_backward", window_attention_backward_cpu);
}

}  // namespace photo51::ops
