/// The gradient of norm_act.

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <optional>
#include <tuple>

#include "ops/norm_act.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<at::Tensor>;

template <class Signature>
auto norm_operator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

MaybeTensor given(const at::Tensor& t) {
  return t.defined() ? MaybeTensor(t) : std::nullopt;
}

void require_first_derivative() {
  if (at::GradMode::is_enabled())
    core::fail_usage(
        "norm_act has no second derivative; compute it under a Capture, which takes the unfused route");
}

class NormActFunction : public torch::autograd::Function<NormActFunction> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x, const MaybeTensor& weight,
                               const MaybeTensor& bias, const MaybeTensor& residual, const MaybeTensor& mean,
                               const MaybeTensor& variance, bool per_case, double epsilon, double slope) {
    static const auto op = norm_operator<NormActForward>("photo51::norm_act");
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto [y, mean_used, variance_used] =
        op.call(x, weight, bias, residual, mean, variance, per_case, epsilon, slope);
    context->mark_non_differentiable({mean_used, variance_used});
    context->set_materialize_grads(false);
    context->save_for_backward(
        {x, slope == 1 ? at::Tensor() : y, weight.value_or(at::Tensor()), mean_used, variance_used});
    context->saved_data["constant"] = mean.has_value();
    context->saved_data["of_bias"] = bias.has_value();
    context->saved_data["per_case"] = per_case;
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["slope"] = slope;
    context->saved_data["of_residual"] = residual && residual->requires_grad();
    return {y, mean_used, variance_used};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    variable_list found(9);
    if (!gradients[0].defined()) return found;
    require_first_derivative();
    static const auto op = norm_operator<NormActBackward>("photo51::norm_act_backward");
    const variable_list saved = context->get_saved_variables();
    const bool activated = saved[1].defined();
    const bool of_residual = context->saved_data["of_residual"].toBool();
    auto [gx, gweight, gbias, gresidual] =
        op.call(gradients[0], saved[0], given(saved[1]), given(saved[2]), saved[3], saved[4],
                context->saved_data["constant"].toBool(), context->saved_data["per_case"].toBool(),
                context->saved_data["epsilon"].toDouble(), context->saved_data["slope"].toDouble(),
                of_residual && activated);
    found[0] = gx;
    if (saved[2].defined()) found[1] = gweight;
    if (context->saved_data["of_bias"].toBool()) found[2] = gbias;
    if (of_residual) found[3] = activated ? gresidual : gradients[0];
    return found;
  }
};

std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_act_autograd(
    const at::Tensor& x, const MaybeTensor& weight, const MaybeTensor& bias, const MaybeTensor& residual,
    const MaybeTensor& mean, const MaybeTensor& variance, bool per_case, double epsilon, double slope) {
  const variable_list made =
      NormActFunction::apply(x, weight, bias, residual, mean, variance, per_case, epsilon, slope);
  return {made[0], made[1], made[2]};
}

}  // namespace

TORCH_LIBRARY_IMPL(photo51, Autograd, m) {
  m.impl("norm_act", norm_act_autograd);
}

}  // namespace photo51::ops
