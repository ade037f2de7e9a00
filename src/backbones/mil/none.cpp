/// Each instance is a token, for fusions that look at instances themselves. Bags are padded to the longest
/// and masked.

#include <torch/nn/module.h>

#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {
namespace {

class NoPool final : public BagPool {
 public:
  using BagPool::BagPool;

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor& x = bags.features;
    const int64_t count = bags.lengths.size(0), longest = bags.longest;
    const at::Tensor first = bags.lengths.cumsum(0) - bags.lengths;  // [B] where each bag begins
    const at::Tensor number = at::arange(x.size(0), first.options()) - first.index_select(0, bags.bag);
    const at::Tensor padded = at::zeros({count * longest, x.size(1)}, x.options().requires_grad(false))
                                  .index_copy(0, bags.bag * longest + number, x);
    const at::Tensor mask = at::arange(longest, first.options()).unsqueeze(0) < bags.lengths.unsqueeze(1);
    return {padded.view({count, longest, x.size(1)}), mask};
  }
};

}  // namespace

BagPoolRow none_row() {
  return bag_pool_row<NoPool>("none", "each instance is a token");
}

}  // namespace photo51::backbones
