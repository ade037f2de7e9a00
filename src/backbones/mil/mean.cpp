/// The mean of a bag's instances: one token.

#include <torch/nn/module.h>

#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {
namespace {

class MeanPool final : public BagPool {
 public:
  using BagPool::BagPool;

 protected:
  Pooled pool(const Bags& bags) override {
    return {(bags.sum(bags.features) / bags.lengths.unsqueeze(1)).unsqueeze(1)};
  }
};

}  // namespace

BagPoolRow mean_row() {
  return bag_pool_row<MeanPool>("mean", "the mean of the instances");
}

}  // namespace photo51::backbones
