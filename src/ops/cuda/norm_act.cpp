#include "ops/cuda/norm_act.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include "ops/cuda/library.hpp"
#include "ops/cuda/tensors.hpp"

namespace photo51::ops::cuda {
namespace {

NormShape norm_shape(const NormMaps& maps, double epsilon, double slope) {
  return {maps.outer, maps.rows, maps.width, maps.sets, maps.channels, epsilon, slope};
}

/// Rows of float64 on the device of `x`.
at::Tensor norm_room(const at::Tensor& x, int64_t rows, int64_t columns) {
  return at::empty({rows, columns}, x.options().dtype(at::kDouble));
}

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> norm_act(
    const at::Tensor& x, const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& bias,
    const std::optional<at::Tensor>& residual, const std::optional<at::Tensor>& mean,
    const std::optional<at::Tensor>& variance, bool per_case, double epsilon, double slope) {
  const c10::DeviceGuard guard(x.device());
  const NormActCall call = norm_act_call(x, weight, bias, residual, mean, variance, per_case, epsilon, slope);
  if (call.x.numel() == 0) return {call.y, call.mean, call.variance};
  NormTask task;
  task.shape = norm_shape(call.maps, epsilon, slope);
  task.x = values_of(call.x);
  task.residual = values_of(call.residual);
  task.weight = values_of(call.weight);
  task.bias = values_of(call.bias);
  task.y = values_to_fill(call.y);
  task.mean = values_to_fill(call.mean);
  task.variance = values_to_fill(call.variance);
  const int64_t sums = call.finds_statistics ? task.shape.sums() : 0;
  const at::Tensor room = norm_room(call.x, 2, sums);
  if (call.finds_statistics) {
    task.means = room.mutable_data_ptr<double>();
    task.deviations = task.means + sums;
  }
  if (x.is_cuda())
    check(library().norm(&task, device_values(call.x), stream_of(x)), "normalisation");
  else
    with_device_values(device_values(call.x), [&](auto value, auto sum) {
      launch_norm<decltype(value), decltype(sum)>(task, InTurn{});
    });
  return {call.y, call.mean, call.variance};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> norm_act_backward(
    const at::Tensor& gy, const at::Tensor& x, const std::optional<at::Tensor>& y,
    const std::optional<at::Tensor>& weight, const at::Tensor& mean, const at::Tensor& variance,
    bool constant, bool per_case, double epsilon, double slope, bool of_residual) {
  const c10::DeviceGuard guard(x.device());
  const NormActGradientCall call = norm_act_gradient_call(gy, x, y, weight, mean, per_case, of_residual);
  if (call.x.numel() == 0) {
    call.gweight.zero_();
    call.gbias.zero_();
    return {call.gx, call.gweight, call.gbias, call.gresidual};
  }
  NormGradientTask task;
  task.shape = norm_shape(call.maps, epsilon, slope);
  task.is_constant = constant;
  task.gy = values_of(call.gy);
  task.x = values_of(call.x);
  task.y = values_of(call.y);
  task.weight = values_of(call.weight);
  task.mean = values_of(mean);
  task.variance = values_of(variance);
  task.gx = values_to_fill(call.gx);
  task.gresidual = values_to_fill(call.gresidual);
  task.gweight = values_to_fill(call.gweight);
  task.gbias = values_to_fill(call.gbias);
  const int64_t sums = task.shape.sums(), entries = task.shape.entries();
  const at::Tensor room = norm_room(call.x, 2, sums), entry_room = norm_room(call.x, 2, entries);
  task.sums = room.mutable_data_ptr<double>();
  task.products = task.sums + sums;
  task.entry_sums = entry_room.mutable_data_ptr<double>();
  task.entry_products = task.entry_sums + entries;
  if (x.is_cuda())
    check(library().norm_backward(&task, device_values(call.x), stream_of(x)),
          "the gradient of a normalisation");
  else
    with_device_values(device_values(call.x), [&](auto value, auto sum) {
      launch_norm_gradient<decltype(value), decltype(sum)>(task, InTurn{});
    });
  return {call.gx, call.gweight, call.gbias, call.gresidual};
}

TORCH_LIBRARY_IMPL(photo51, CUDA, m) {
  m.impl("norm_act", TORCH_FN(cuda::norm_act));
  m.impl("norm_act_backward", TORCH_FN(cuda::norm_act_backward));
}

}  // namespace photo51::ops::cuda
