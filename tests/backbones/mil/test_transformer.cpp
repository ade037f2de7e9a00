#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(TransformerPool, IsOfASet) {
  const at::NoGradGuard no_grad;
  at::manual_seed(2);
  const auto pool = bag_pool("transformer", 3);
  const at::Tensor features = at::randn({6, 3}), order = at::tensor({3, 0, 2, 1, 4, 5}, at::kLong);
  const auto a = pool->forward(features, lengths({4, 2}), first_view(6));
  const auto b = pool->forward(features.index_select(0, order), lengths({4, 2}), first_view(6));
  EXPECT_TRUE(at::allclose(a.values, b.values, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(a.attention.index_select(0, order), b.attention, 1e-5, 1e-6));
  EXPECT_NEAR(a.attention.slice(0, 0, 4).sum().item<double>(), 1, 1e-5);
  EXPECT_NEAR(a.attention.slice(0, 4).sum().item<double>(), 1, 1e-5);
  EXPECT_TRUE(at::allclose(pool->forward(features.slice(0, 4), lengths({2}), first_view(2)).values[0],
                           a.values[1], 1e-5, 1e-6));
}

TEST(TransformerPool, HeadsDivideTheWidth) {
  EXPECT_THAT(
      test::message_of(core::Fault::usage,
                       [] { bag_pool(config::choose<TransformerPoolOptions>("transformer"), 6, {}); }),
      testing::HasSubstr("bag_pool: heads: 8 must divide the width (6); set `embed_dim`"));
}

}  // namespace
}  // namespace photo51::backbones
