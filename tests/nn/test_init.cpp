#include "photo51/nn/init.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace photo51::nn {
namespace {

TEST(SkipInit, NestsAndEnds) {
  EXPECT_FALSE(SkipInit::active());
  {
    const SkipInit outer;
    { const SkipInit inner; }
    EXPECT_TRUE(SkipInit::active());
    bool filled = false;
    make_tensor({2}, [&](at::Tensor&) { filled = true; });
    EXPECT_FALSE(filled);
  }
  EXPECT_FALSE(SkipInit::active());
}

TEST(Init, TruncatedNormalHasItsDeviation) {
  at::manual_seed(1);
  at::Tensor values = at::empty({100000});
  fill_truncated_normal(values, 0.5);
  EXPECT_LE(values.abs().max().item<double>(), 1.0 + 1e-6);
  EXPECT_NEAR(values.std().item<double>(), 0.5 * 0.8796, 0.005);  // a normal cut at two deviations
}

TEST(Init, UniformStaysWithinItsBound) {
  at::manual_seed(1);
  at::Tensor values = at::empty({100, 40});
  fill_uniform_by_inputs(values, 25);
  EXPECT_LE(values.abs().max().item<double>(), 0.2);
  EXPECT_GT(values.abs().max().item<double>(), 0.199);
  fill_xavier_uniform(values);
  const double bound = std::sqrt(6.0 / 140);
  EXPECT_LE(values.abs().max().item<double>(), bound);
  EXPECT_GT(values.abs().max().item<double>(), 0.99 * bound);
}

}  // namespace
}  // namespace photo51::nn
