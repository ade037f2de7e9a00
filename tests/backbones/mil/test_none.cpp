#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(NoPool, EachInstanceIsATokenOfItsBag) {
  const at::Tensor features = at::tensor({1.F, 8.F, 3.F, 2.F, -5.F, -6.F}).view({3, 2});
  const auto pooled = bag_pool("none", 2)->forward(features, lengths({2, 1}), first_view(3));
  EXPECT_TRUE(
      at::equal(pooled.values, at::tensor({1.F, 8.F, 3.F, 2.F, -5.F, -6.F, 0.F, 0.F}).view({2, 2, 2})));
  EXPECT_TRUE(at::equal(pooled.mask, at::tensor({1, 1, 1, 0}).to(at::kBool).view({2, 2})));
  EXPECT_FALSE(pooled.attention.defined());
}

}  // namespace
}  // namespace photo51::backbones
