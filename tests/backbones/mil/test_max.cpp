#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(MaxPool, IsThatOfEachBag) {
  const at::Tensor features = at::tensor({1.F, 8.F, 3.F, 2.F, -5.F, -6.F}).view({3, 2});
  const auto pooled = bag_pool("max", 2)->forward(features, lengths({2, 1}), first_view(3));
  EXPECT_TRUE(at::equal(pooled.values, at::tensor({3.F, 8.F, -5.F, -6.F}).view({2, 1, 2})));
  EXPECT_FALSE(pooled.attention.defined());
  EXPECT_FALSE(pooled.mask.defined());
}

}  // namespace
}  // namespace photo51::backbones
