#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "photo51/preprocess/augment/augment.hpp"

namespace photo51::preprocess {
namespace {

const imaging::Geometry grid{.size = {6, 5, 4}, .spacing = {1, 2, 3}, .origin = {7, 8, 9}};

at::Tensor numbered() {
  return at::arange(120, at::kFloat).view({1, 4, 5, 6});
}

TEST(Patch, IsThePartOfTheCase) {
  const Patch patch{{1, 2, 1}, {4, 2, 3}};
  const at::Tensor part = apply(numbered(), grid, {}, {}, patch);
  EXPECT_TRUE(part.equal(numbered().slice(1, 1, 4).slice(2, 2, 4).slice(3, 1, 5)));
  const auto of_patch = patch_grid(grid, patch);
  EXPECT_EQ(of_patch.size, patch.size);
  EXPECT_EQ(of_patch.origin, (std::array<double, 3>{8, 12, 12}));
}

TEST(Patch, BeyondTheCaseThereIsNothing) {
  const Patch patch{{-1, 0, 0}, {8, 5, 4}};
  const at::Tensor part = apply(numbered(), grid, {}, {}, patch);
  EXPECT_TRUE(part.equal(at::constant_pad_nd(numbered(), {1, 1}, 0)));
  const at::Tensor classes = at::ones({1, 4, 5, 6}, at::kByte);
  EXPECT_TRUE(
      apply_to_classes(classes, grid, {}, patch, 255).equal(at::constant_pad_nd(classes, {1, 1}, 255)));
}

TEST(Patch, OfTheWholeCaseIsTheCase) {
  Augmentation turned;
  turned.affine = true;
  turned.rotate = {0, 0, 20};
  turned.flip = {true, false, false};
  EXPECT_TRUE(
      apply(numbered(), grid, turned, {}, whole_patch(grid)).equal(apply(numbered(), grid, turned, {})));
}

TEST(Patch, IsTurnedAboutItsMiddleWithWhatLiesAroundIt) {
  // A quarter turn of a patch within the case shows voxels of the case alone, none of them interpolated.
  const imaging::Geometry cube{.size = {9, 9, 9}};
  const at::Tensor values = at::arange(729, at::kFloat).view({1, 9, 9, 9}) + 1;
  Augmentation turned;
  turned.affine = true;
  turned.rotate = {0, 0, 90};
  const Patch patch{{3, 3, 3}, {3, 3, 3}};
  const at::Tensor part = apply(values, cube, turned, {}, patch);
  const at::Tensor plain = apply(values, cube, {}, {}, patch);
  const bool one_way = part.allclose(at::rot90(plain, 1, {2, 3}), 1e-4, 1e-3);
  const bool other_way = part.allclose(at::rot90(plain, -1, {2, 3}), 1e-4, 1e-3);
  EXPECT_NE(one_way, other_way);
  const at::Tensor classes = (values > 364).to(at::kByte);
  EXPECT_TRUE(apply_to_classes(classes, cube, turned, patch, 255).equal((part > 364).to(at::kByte)));
}

TEST(Patch, ClassesMoveAsTheImageDoes) {
  Augmentation turned;
  turned.affine = true;
  turned.rotate = {10, 5, 30};
  turned.scale = 1.2;
  turned.translate = {1, 0, -2};
  turned.flip = {true, false, true};
  turned.channels.resize(1);
  const at::Tensor classes = numbered().remainder(7).to(at::kByte);
  // The channel behind those that are augmented is a mask, which takes the nearest voxel.
  const at::Tensor both = at::cat({numbered(), classes.to(at::kFloat)});
  const at::Tensor moved = apply(both, grid, turned, {});
  const at::Tensor alone = apply_to_classes(classes, grid, turned, std::nullopt, 0);
  EXPECT_TRUE(alone[0].to(at::kFloat).equal(moved[1]));
}

}  // namespace
}  // namespace photo51::preprocess
