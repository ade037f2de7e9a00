#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;

TEST(Abmil, IsTheFormula) {
  const at::NoGradGuard no_grad;
  at::manual_seed(1);
  const auto pool = bag_pool("abmil", 3);
  const auto w = nn::state_of(*pool);
  const at::Tensor features = at::randn({5, 3});
  const auto found = pool->forward(features, lengths({2, 3}), first_view(5));
  for (int64_t bag = 0; bag < 2; ++bag) {
    const at::Tensor f = features.narrow(0, bag * 2, 2 + bag);
    const at::Tensor hidden =
        at::tanh(at::matmul(f, w.at("attention.0.weight").t()) + w.at("attention.0.bias"));
    const at::Tensor share =
        at::softmax(at::matmul(hidden, w.at("attention.2.weight").t()) + w.at("attention.2.bias"), 0);
    EXPECT_TRUE(at::allclose(found.values[bag][0], (share * f).sum(0), 1e-5, 1e-6));
    EXPECT_TRUE(at::allclose(found.attention.narrow(0, bag * 2, 2 + bag), share.squeeze(1), 1e-5, 1e-6));
  }
}

TEST(Abmil, EmbedsInstancesFirst) {
  const auto pool =
      bag_pool(config::choose("abmil", AbmilOptions{.embed_dim = 7, .hidden = 4, .dropout = 0.5}), 3, {});
  EXPECT_EQ(pool->width(), 7);
  const at::Tensor features = at::randn({5, 3});
  const auto values = [&] { return pool->forward(features, lengths({2, 3}), first_view(5)).values; };
  EXPECT_EQ(values().sizes(), at::IntArrayRef({2, 1, 7}));
  EXPECT_FALSE(at::equal(values(), values()));  // dropout
  pool->eval();
  EXPECT_TRUE(at::equal(values(), values()));
}

}  // namespace
}  // namespace photo51::backbones
