#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "photo51/ops/distance.hpp"
#include "support/errors.hpp"

namespace photo51::ops {
namespace {

using ::testing::HasSubstr;

/// By looking at every object.
at::Tensor slow_squared_distance(const at::Tensor& objects, const std::vector<double>& spacing) {
  const at::Tensor steps = at::tensor(spacing, at::kDouble);
  const auto places = [&](const at::Tensor& mask) { return mask.nonzero().to(at::kDouble) * steps; };
  const at::Tensor all = places(at::ones_like(objects)), found = places(objects);
  return (all.unsqueeze(1) - found.unsqueeze(0)).square().sum(2).amin(1).view(objects.sizes());
}

TEST(Distance, IsThatToTheNearestObject) {
  for (const auto& [shape, spacing] :
       {std::pair<std::vector<int64_t>, std::vector<double>>{{13, 37}, {0.7, 1.9}},
        {{9, 19, 34}, {3.3, 0.8, 0.45}},
        {{1, 20, 3}, {2, 1, 1}},
        {{20, 1, 1}, {2, 1, 1}}})
    for (const int64_t every : {3, 29}) {
      at::Tensor objects =
          (at::arange(at::numel(at::zeros(shape)), at::kLong) * 7919 % 1009 % every).eq(1).view(shape);
      objects.view(-1)[1] = true;
      const at::Tensor expected = slow_squared_distance(objects, spacing);
      EXPECT_LT((squared_distance(objects, spacing) - expected).abs().max().item<double>(), 1e-11);
      const at::Tensor single = squared_distance(objects.to(at::kByte), spacing, at::kFloat);
      EXPECT_EQ(single.scalar_type(), at::kFloat);
      EXPECT_TRUE(at::allclose(single.to(at::kDouble), expected, 1e-6, 0));
    }
}

TEST(Distance, IsInfiniteWithoutObjectsAndZeroOnThem) {
  const std::vector<double> spacing{1, 2, 3};
  EXPECT_TRUE(squared_distance(at::zeros({2, 3, 4}, at::kBool), spacing).isinf().all().item<bool>());
  EXPECT_EQ(squared_distance(at::ones({2, 3, 4}, at::kBool), spacing).sum().item<double>(), 0);
  EXPECT_EQ(squared_distance(at::ones({2, 0, 4}, at::kBool), spacing).numel(), 0);
}

TEST(Distance, TakesMasksThatAreNoPieceOfMemory) {
  const at::Tensor objects = at::arange(60, at::kLong).remainder(11).eq(4).view({3, 4, 5}).transpose(0, 2);
  const std::vector<double> spacing{1, 2, 3};
  EXPECT_TRUE(at::allclose(squared_distance(objects, spacing), slow_squared_distance(objects, spacing)));
}

TEST(Distance, RefusesWhatItCannotTake) {
  const std::vector<double> plane{1, 1}, space{1, 1, 1}, none{1, 0};
  const at::Tensor mask = at::ones({2, 2}, at::kBool);
  PHOTO51_EXPECT_ERROR(squared_distance(mask, space), usage, HasSubstr("each of the 2 axes"));
  PHOTO51_EXPECT_ERROR(squared_distance(mask, none), usage, HasSubstr("above 0"));
  PHOTO51_EXPECT_ERROR(squared_distance(mask, plane, at::kHalf), usage, HasSubstr("float32 or float64"));
  PHOTO51_EXPECT_ERROR(squared_distance(mask.to(at::kFloat), plane), usage, HasSubstr("bool or uint8"));
  PHOTO51_EXPECT_ERROR(squared_distance(at::ones({2, 2, 2, 2}, at::kBool), plane), usage,
                       HasSubstr("[D, H, W]"));
}

}  // namespace
}  // namespace photo51::ops
