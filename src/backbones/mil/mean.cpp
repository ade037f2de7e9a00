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
  return {config::component("mean", "the mean of the instances"),
          [](const BagPoolOptions& options, int64_t width, int64_t views) -> std::shared_ptr<BagPool> {
            return std::make_shared<MeanPool>(options, width, views);
          }};
}

}  // namespace photo51::backbones
