#include "photo51/nn/layers/relative_position_bias.hpp"

#include <torch/nn/module.h>

#include "photo51/nn/capture.hpp"

namespace photo51::nn {
namespace {

/// Position of a place of the window, ([z,] y, x), x fastest.
std::vector<int64_t> place_of(int64_t number, const std::vector<int64_t>& window) {
  std::vector<int64_t> place(window.size());
  for (size_t axis = window.size(); axis-- > 0; number /= window[axis]) place[axis] = number % window[axis];
  return place;
}

int64_t row_of(int64_t from, int64_t to, const std::vector<int64_t>& window) {
  const auto a = place_of(from, window), b = place_of(to, window);
  int64_t row = 0;
  for (size_t axis = 0; axis < window.size(); ++axis)
    row = row * (2 * window[axis] - 1) + a[axis] - b[axis] + window[axis] - 1;
  return row;
}

const std::vector<std::vector<int64_t>> kWindows{{2, 3}, {4, 1}, {2, 3, 2}};

int64_t places(const std::vector<int64_t>& window) {
  int64_t count = 1;
  for (const int64_t edge : window) count *= edge;
  return count;
}

TEST(RelativePositionBias, IndexIsTheRowOfQueryMinusKey) {
  for (const auto& window : kWindows) {
    const int64_t count = places(window);
    const at::Tensor index = relative_position_index(window);
    ASSERT_EQ(index.sizes(), (std::vector<int64_t>{count, count}));
    ASSERT_EQ(index.scalar_type(), at::kLong);
    for (int64_t query = 0; query < count; ++query)
      for (int64_t key = 0; key < count; ++key)
        EXPECT_EQ(index[query][key].item<int64_t>(), row_of(query, key, window)) << query << " " << key;
  }
}

TEST(RelativePositionBias, BothLayoutsGiveEachPairItsValue) {
  for (const auto& window : kWindows) {
    const int64_t count = places(window), heads = 2;
    const at::Tensor rows = at::randn({relative_positions(window), heads});
    std::vector<int64_t> sizes{heads};
    for (const int64_t edge : window) sizes.push_back(2 * edge - 1);
    const at::Tensor table = at::randn(sizes);
    const at::Tensor of_rows = RelativePositionBias(rows, window).forward();
    const at::Tensor of_table = RelativePositionBias(table, window).forward();
    ASSERT_EQ(of_rows.sizes(), (std::vector<int64_t>{1, heads, count, count}));
    ASSERT_EQ(of_table.sizes(), of_rows.sizes());
    for (int64_t query = 0; query < count; ++query)
      for (int64_t key = 0; key < count; ++key) {
        EXPECT_TRUE(at::equal(of_rows[0].select(1, query).select(1, key), rows[row_of(query, key, window)]));
        EXPECT_TRUE(at::equal(of_table[0].select(1, query).select(1, key),
                              table.flatten(1).select(1, row_of(key, query, window))));
      }
  }
}

TEST(RelativePositionBias, GradientsAddUpOverThePairsOfADifference) {
  const std::vector<int64_t> window{2, 3};
  const at::Tensor rows = at::zeros({relative_positions(window), 2}, at::kDouble).requires_grad_();
  const at::Tensor probe = at::randn({1, 2, 6, 6}, at::kDouble);
  const RelativePositionBias layer(rows, window);
  const Capture capture(layer);
  (layer.forward() * probe).sum().backward();
  const at::Tensor expected =
      at::zeros({relative_positions(window), 2}, at::kDouble)
          .index_add(0, relative_position_index(window).flatten(), probe[0].flatten(1).t());
  EXPECT_TRUE(at::allclose(rows.grad(), expected, 1e-12, 1e-12));
  EXPECT_TRUE(at::equal(capture.gradients("")[0], probe));
}

}  // namespace
}  // namespace photo51::nn
