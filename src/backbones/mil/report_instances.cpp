#include "backbones/mil/report_instances.hpp"

#include <torch/nn/module.h>

#include <vector>

#include "photo51/backbones/bag_attention.hpp"

namespace photo51::backbones {

void report_instances(Tokens& tokens, const BagPool::Pooled& pooled, const at::Tensor& places,
                      int64_t count) {
  const auto report = [&](const char* name, const at::Tensor& of_instances) {
    if (!of_instances.defined()) return;
    std::vector<int64_t> shape = of_instances.sizes().vec();
    shape[0] = count;
    tokens.attention[name] = at::zeros(shape, of_instances.options().requires_grad(false))
                                 .index_copy(0, places, of_instances.detach());
  };
  report(bag_attention, pooled.attention);
  report(bag_scores, pooled.scores);
}

}  // namespace photo51::backbones
