/// The largest of each feature of a bag's instances: one token.

#include <torch/nn/module.h>

#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {
namespace {

class MaxPool final : public BagPool {
 public:
  using BagPool::BagPool;

 protected:
  Pooled pool(const Bags& bags) override { return {bags.largest(bags.features).unsqueeze(1)}; }
};

}  // namespace

BagPoolRow max_row() {
  return bag_pool_row<MaxPool>(
      "max", "the largest of each feature",
      {.source = {}, .passes = {MilTest::single_concept, MilTest::multi_concept, MilTest::false_frequency}});
}

}  // namespace photo51::backbones
