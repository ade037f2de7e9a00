#include "photo51/nn/layers/norm.hpp"

#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>
#include <torch/nn/module.h>

#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/group_norm.hpp"
#include "photo51/nn/layers/instance_norm.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/ops/norm_act.hpp"

namespace photo51::nn {

Norm::Norm(int64_t channels, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", make_tensor({channels}, fill_ones));
  bias = register_parameter("bias", make_tensor({channels}, fill_zeros));
}

at::Tensor Norm::forward(const at::Tensor& x) {
  const at::Tensor y = normalize(x);
  report(*this, x, y);
  return y;
}

bool Norm::takes_kernel(const at::Tensor& x) const {
  return !is_captured(*this) && x.dim() > 1 && x.numel() > 0 && ops::pays_norm_act(x) &&
         weight.device() == x.device() && weight.scalar_type() == ops::parameter_type(x.scalar_type());
}

at::Tensor Norm::forward(const at::Tensor& x, const NormThen& then) {
  const at::Tensor& residual = then.residual;
  const bool alike =
      !residual.defined() || (residual.sizes() == x.sizes() && residual.device() == x.device() &&
                              residual.scalar_type() == x.scalar_type());
  if (alike && takes_kernel(x))
    if (at::Tensor y = fused(x, then); y.defined()) return y;
  at::Tensor y = forward(x);
  // A norm may hand its input through, which others may hold.
  if (residual.defined()) {
    const bool in_place = !y.is_same(x) && y.scalar_type() == residual.scalar_type();
    y = in_place ? y.add_(residual) : y + residual;
  }
  if (then.slope == 1) return y;
  if (y.is_same(x)) return then.slope == 0 ? y.relu() : at::leaky_relu(y, then.slope);
  return then.slope == 0 ? y.relu_() : at::leaky_relu_(y, then.slope);
}

at::Tensor Norm::fused(const at::Tensor&, const NormThen&) {
  return {};
}

namespace {

template <class Kind>
std::shared_ptr<Norm> build(int64_t channels, double epsilon) {
  return std::make_shared<Kind>(channels, epsilon);
}

}  // namespace

config::Catalogue<BuildNorm>& norms() {
  static config::Catalogue<BuildNorm> table = {
      {config::component("batch", "each channel over the batch"), build<BatchNorm>},
      {config::component("instance", "each case and channel on its own"), build<InstanceNorm>},
      {config::component("group", "groups of a case's channels"), build<GroupNorm>},
      {config::component("layer", "a case's channels at each place"), build<ChannelLayerNorm>},
  };
  return table;
}

std::shared_ptr<Norm> make_norm(const std::string& name, int64_t channels, double epsilon) {
  if (const auto* found = norms().find(name)) return (*found)(channels, epsilon);
  std::vector<std::string> names;
  for (const auto& component : norms().components()) names.push_back(component.name);
  core::fail_usage("there is no normalisation `" + name + "`" + core::suggest(name, names));
}

}  // namespace photo51::nn
