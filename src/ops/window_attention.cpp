#include "photo51/ops/window_attention.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

#include <string>
#include <type_traits>

#include "ops/cpu/window_attention.hpp"
#include "ops/window_attention.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

[[noreturn]] void fail_window(const std::string& what) {
  core::fail_usage("window_attention: " + what);
}

at::ScalarType window_sums(const at::Tensor& qkv) {
  return qkv.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

cpu::WindowGrid window_grid(const at::Tensor& qkv, const at::Tensor& bias, const MaybeTensor& padding,
                            const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
                            bool pad_after_shift) {
  const size_t dims = window.size();
  if ((dims != 2 && dims != 3) || shift.size() != dims || qkv.dim() != static_cast<int64_t>(dims) + 2)
    fail_window("a map [B, [D,] H, W, 3 C] needs a window and a shift of its 2 or 3 axes");
  cpu::WindowGrid grid;
  grid.batch = qkv.size(0);
  grid.size.fill(1);
  grid.window.fill(1);
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
  if (bias.scalar_type() != window_sums(qkv) || (scales && scales->scalar_type() != window_sums(qkv)))
    fail_window("bias and scales are float32, for a map in float64 float64");
  return grid;
}

template <class T>
const T* window_values(const at::Tensor& tensor) {
  if constexpr (std::is_same_v<T, cpu::Bf16>)
    return reinterpret_cast<const cpu::Bf16*>(tensor.const_data_ptr<at::BFloat16>());
  else
    return tensor.const_data_ptr<T>();
}
template <class T>
T* mutable_window_values(const at::Tensor& tensor) {
  if constexpr (std::is_same_v<T, cpu::Bf16>)
    return reinterpret_cast<cpu::Bf16*>(tensor.mutable_data_ptr<at::BFloat16>());
  else
    return tensor.mutable_data_ptr<T>();
}
at::Tensor dense_or_none(const MaybeTensor& tensor) {
  return tensor ? tensor->contiguous() : at::Tensor();
}

template <class Work>
void with_window_type(at::ScalarType type, const Work& work) {
  if (type == at::kFloat) return work(float{});
  if (type == at::kDouble) return work(double{});
  if (type == at::kBFloat16) return work(cpu::Bf16{});
  fail_window("maps are float32, bfloat16 or float64");
}

/// The tensors of a call, contiguous as long as the kernel runs.
struct WindowTensors {
  at::Tensor qkv, bias, padding, scales;
  template <class T>
  cpu::WindowInputs<T> as() const {
    using F = cpu::WindowSum<T>;
    return {window_values<T>(qkv), padding.defined() ? window_values<T>(padding) : nullptr,
            window_values<F>(bias), scales.defined() ? window_values<F>(scales) : nullptr};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor> window_attention_forward(const at::Tensor& qkv, const at::Tensor& bias,
                                                            const MaybeTensor& padding,
                                                            const MaybeTensor& scales, at::IntArrayRef window,
                                                            at::IntArrayRef shift, bool pad_after_shift) {
  const auto grid = window_grid(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const WindowTensors given{qkv.contiguous(), bias.contiguous(), dense_or_none(padding),
                            dense_or_none(scales)};
  auto sizes = qkv.sizes().vec();
  sizes.back() = grid.width();
  const at::Tensor out = at::empty(sizes, qkv.options());
  const int64_t windows = qkv.numel() > 0 ? grid.windows() : 0;
  const at::Tensor logarithms = at::empty({windows, grid.heads, grid.places()}, bias.options());
  with_window_type(qkv.scalar_type(), [&](auto type) {
    using T = decltype(type);
    if (windows > 0)
      cpu::window_attention<T>(grid, given.as<T>(), mutable_window_values<T>(out),
                               mutable_window_values<cpu::WindowSum<T>>(logarithms));
  });
  return {out, logarithms};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> window_attention_backward(
    const at::Tensor& grad_out, const at::Tensor& logarithms, const at::Tensor& qkv, const at::Tensor& bias,
    const MaybeTensor& padding, const MaybeTensor& scales, at::IntArrayRef window, at::IntArrayRef shift,
    bool pad_after_shift) {
  const auto grid = window_grid(qkv, bias, padding, scales, window, shift, pad_after_shift);
  const WindowTensors given{qkv.contiguous(), bias.contiguous(), dense_or_none(padding),
                            dense_or_none(scales)};
  const at::Tensor grad = grad_out.contiguous(), to_qkv = at::empty(qkv.sizes(), qkv.options());
  const at::Tensor to_bias = at::zeros(bias.sizes(), bias.options());
  const at::Tensor to_padding = padding ? at::zeros(padding->sizes(), bias.options()) : at::Tensor();
  const at::Tensor to_scales = scales ? at::zeros(scales->sizes(), bias.options()) : at::Tensor();
  with_window_type(qkv.scalar_type(), [&](auto type) {
    using T = decltype(type);
    using F = cpu::WindowSum<T>;
    const auto sums = [](const at::Tensor& tensor) {
      return tensor.defined() ? mutable_window_values<F>(tensor) : nullptr;
    };
    if (qkv.numel() > 0)
      cpu::window_attention_backward<T>(
          grid, given.as<T>(), window_values<T>(grad), window_values<F>(logarithms),
          {mutable_window_values<T>(to_qkv), sums(to_padding), sums(to_bias), sums(to_scales)});
  });
  return {to_qkv, to_bias, padding ? to_padding.to(qkv.scalar_type()) : to_padding, to_scales};
}

bool has_window_attention(const at::Tensor& qkv) {
  return qkv.device().is_cpu() && qkv.is_floating_point();
}

at::Tensor window_attention(const at::Tensor& qkv, const at::Tensor& bias, const WindowAttention& of,
                            const at::Tensor& padding, const at::Tensor& scales) {
  if (qkv.scalar_type() == at::kHalf)  // no kernel of its own
    return window_attention(qkv.to(at::kFloat), bias, of,
                            padding.defined() ? padding.to(at::kFloat) : padding, scales)
        .to(at::kHalf);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("photo51::window_attention", "")
                             .typed<decltype(window_attention_forward)>();
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
  m.impl("window_attention", window_attention_forward);
  m.impl("window_attention_backward", window_attention_backward);
}

}  // namespace photo51::ops
