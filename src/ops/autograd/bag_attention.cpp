// The gradient of photo51::bag_attention_pool.
#include "ops/bag_attention.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace photo51::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct BagAttentionGradient : torch::autograd::Function<BagAttentionGradient> {
  static variable_list forward(AutogradContext* context, const at::Tensor& values, const at::Tensor& scores,
                               const at::Tensor& offsets) {
    const at::AutoDispatchBelowADInplaceOrView below;
    auto [pooled, attention] = call_bag_attention(values, scores, offsets);
    context->set_materialize_grads(false);
    context->save_for_backward({values, attention, offsets});
    return {pooled, attention};
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &values = saved[0], &attention = saved[1];
    const at::Tensor grad_pooled =
        grads[0].defined()
            ? grads[0]
            : at::zeros({saved[2].size(0) - 1, attention.size(1), values.size(1)}, attention.options());
    const std::optional<at::Tensor> grad_attention =
        grads[1].defined() ? std::optional<at::Tensor>(grads[1]) : std::nullopt;
    auto [grad_values, grad_scores] = call_bag_attention_backward(
        grad_pooled, grad_attention, values, attention, saved[2], context->needs_input_grad(0));
    return {grad_values, grad_scores, at::Tensor()};
  }
};

std::tuple<at::Tensor, at::Tensor> differentiable_bag_attention(const at::Tensor& values,
                                                                const at::Tensor& scores,
                                                                const at::Tensor& offsets) {
  const variable_list found = BagAttentionGradient::apply(values, scores, offsets);
  return {found[0], found[1]};
}

}  // namespace

TORCH_LIBRARY_IMPL(photo51, Autograd, m) {
  m.impl("bag_attention_pool", TORCH_FN(differentiable_bag_attention));
}

}  // namespace photo51::ops
