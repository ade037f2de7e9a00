#include "photo51/nn/layers/drop_path.hpp"

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>
#include <optional>

#include "photo51/nn/capture.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DropPath, DropsWholeRowsInTrainingOnly) {
  at::manual_seed(4);
  DropPath drop(0.25);
  const at::Tensor x = at::ones({4000, 3, 2}), y = drop.forward(x);
  const at::Tensor rows = y.flatten(1);
  EXPECT_TRUE(at::equal(rows.amin(1), rows.amax(1)));  // a row has one fate
  EXPECT_NEAR(rows.amax(1).eq(0).to(at::kDouble).mean().item<double>(), 0.25, 0.02);
  EXPECT_TRUE(at::allclose(y.masked_select(y > 0), at::tensor(4.0F / 3)));
  drop.eval();
  EXPECT_TRUE(drop.forward(x).is_same(x));
}

TEST(DropPath, WithoutAProbabilityItDrawsNothing) {
  const auto next = [] { return at::rand({}).item<float>(); };
  at::manual_seed(4);
  const float expected = next();
  at::manual_seed(4);
  const DropPath drop(0);
  const at::Tensor x = at::ones({2, 3});
  EXPECT_TRUE(drop.forward(x).is_same(x));
  EXPECT_EQ(next(), expected);
}

TEST(DropPath, DroppedRowsPassNoGradient) {
  at::manual_seed(4);
  DropPath drop(0.5);
  const at::Tensor x = at::ones({64, 3}).requires_grad_();
  const Capture capture(drop);
  const at::Tensor y = drop.forward(x);
  y.sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), y.detach()));  // 0 or 2, as x is 1
  EXPECT_TRUE(at::equal(capture.activations("").at(0), y.detach()));
}

/// With all rows, some and none staying, beside the branch on all rows.
TEST(DropPath, ABranchOfTheRowsThatStayIsTheSame) {
  DropPath drop(0.5);
  const at::Tensor weight = at::randn({3}, at::kDouble).requires_grad_();
  std::vector<int64_t> rows_seen;
  for (int64_t seed = 0; seed < 16; ++seed) {
    std::vector<at::Tensor> all[2];
    for (const bool captured : {false, true}) {
      weight.mutable_grad() = at::Tensor();
      const at::Tensor x = at::arange(6, at::kDouble).view({2, 3}).requires_grad_();
      std::optional<Capture> capture;
      if (captured) capture.emplace(drop);
      at::manual_seed(seed);
      const at::Tensor y = drop.residual(x, [&](const at::Tensor& rows) {
        if (!captured) rows_seen.push_back(rows.size(0));
        return (rows * weight).exp();
      });
      y.square().sum().backward();
      all[captured ? 1 : 0] = {y.detach(), x.grad(), weight.grad()};
    }
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::allclose(all[0][i], all[1][i], 1e-12)) << seed << " " << i;
  }
  for (const int64_t rows : {0, 1, 2}) EXPECT_THAT(rows_seen, ::testing::Contains(rows));
  drop.eval();
  EXPECT_TRUE(at::equal(drop.residual(weight, [](const at::Tensor& x) { return x; }), 2 * weight));
}

TEST(DropPath, KeepsTheTypeOfItsInput) {
  DropPath drop(0.5);
  EXPECT_EQ(drop.forward(at::ones({4, 2}, at::kBFloat16)).scalar_type(), at::kBFloat16);
}

TEST(DropPath, TheProbabilityIsBelowOne) {
  for (const double wrong : {1.0, -0.1, std::nan("")})
    EXPECT_THAT(test::message_of(core::Fault::usage, [wrong] { const DropPath drop(wrong); }),
                HasSubstr("drop_path must be at least 0 and below 1"));
}

TEST(DropPath, RatesGrowWithTheDepth) {
  EXPECT_THAT(drop_path_rates(0.3, 4), ElementsAre(0, DoubleEq(0.1), DoubleEq(0.2), DoubleEq(0.3)));
  EXPECT_THAT(drop_path_rates(0.3, 1), ElementsAre(0));
}

}  // namespace
}  // namespace photo51::nn
