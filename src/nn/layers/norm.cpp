#include "photo51/nn/layers/norm.hpp"

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
