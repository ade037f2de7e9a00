#include "photo51/nn/layers/sincos_position.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "support/errors.hpp"

namespace photo51::nn {
namespace {

using ::testing::HasSubstr;

TEST(SincosPosition, IsOfTheColumnThenOfTheRow) {
  const at::Tensor position = sincos_position({2, 3}, 8);
  ASSERT_EQ(position.sizes(), (std::vector<int64_t>{1, 6, 8}));
  const at::Tensor column = at::tensor({2., 0.02}), row = at::tensor({1., 0.01});  // of the place (1, 2)
  const at::Tensor expected = at::cat({column.sin(), column.cos(), row.sin(), row.cos()});
  EXPECT_LE((position[0][5] - expected).abs().max().item<double>(), 1e-6);
}

/// MONAI's order of axes.
TEST(SincosPosition, In3dItIsOfRowSliceAndColumn) {
  const at::Tensor position = sincos_position({2, 3, 4}, 6);
  const at::Tensor place = position[0][1 * 12 + 2 * 4 + 3], angles = at::tensor({2., 1., 3.});
  const at::Tensor expected = at::stack({angles.sin(), angles.cos()}, 1).flatten();
  EXPECT_LE((place - expected).abs().max().item<double>(), 1e-6);
}

TEST(SincosPosition, TheAxesMustShareTheWidth) {
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [] {
                                 sincos_position({2, 2, 2}, 8);
                               }),
              HasSubstr("in 3D need a width that is a multiple of 6, not 8; change `embed_dim`"));
}

}  // namespace
}  // namespace photo51::nn
