#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "ops/window_attention.hpp"

namespace photo51::ops {
namespace {

using torch::autograd::variable_list;

class WindowAttentionGradient : public torch::autograd::Function<WindowAttentionGradient> {
 public:
  static variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& qkv,
                               const at::Tensor& bias, const MaybeTensor& padding, const MaybeTensor& scales,
                               at::IntArrayRef window, at::IntArrayRef shift, bool pad_after_shift) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("photo51::window_attention", "")
                               .typed<WindowAttentionForward>();
    const at::AutoDispatchBelowADInplaceOrView below;
    auto [out, logarithms] = op.call(qkv, bias, padding, scales, window, shift, pad_after_shift);
    context->save_for_backward(
        {qkv, bias, padding.value_or(at::Tensor()), scales.value_or(at::Tensor()), logarithms});
    context->saved_data["window"] = window;
    context->saved_data["shift"] = shift;
    context->saved_data["pad_after_shift"] = pad_after_shift;
    context->mark_non_differentiable({logarithms});
    return {out, logarithms};
  }

  static variable_list backward(torch::autograd::AutogradContext* context, const variable_list& grads) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("photo51::window_attention_backward", "")
                               .typed<WindowAttentionBackward>();
    const auto saved = context->get_saved_variables();
    const auto maybe = [](const at::Tensor& tensor) {
      return tensor.defined() ? MaybeTensor(tensor) : std::nullopt;
    };
    auto& data = context->saved_data;
    auto [qkv, bias, padding, scales] =
        op.call(grads[0], saved[4], saved[0], saved[1], maybe(saved[2]), maybe(saved[3]),
                data["window"].toIntVector(), data["shift"].toIntVector(), data["pad_after_shift"].toBool());
    return {qkv, bias, padding, scales, {}, {}, {}};
  }
};

std::tuple<at::Tensor, at::Tensor> differentiable_window_attention(
    const at::Tensor& qkv, const at::Tensor& bias, const MaybeTensor& padding, const MaybeTensor& scales,
    at::IntArrayRef window, at::IntArrayRef shift, bool pad_after_shift) {
  auto all = WindowAttentionGradient::apply(qkv, bias, padding, scales, window, shift, pad_after_shift);
  return {all[0], all[1]};
}

}  // namespace

TORCH_LIBRARY_IMPL(photo51, Autograd, m) {
  m.impl("window_attention", differentiable_window_attention);
  m.impl("window_attention_backward", torch::autograd::autogradNotImplementedFallback());
}

}  // namespace photo51::ops
