#include "data/segmenters/region.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace photo51::data {
namespace {

/// [D, H, W] with ones at some voxels (z, y, x).
at::Tensor mask_of(std::vector<int64_t> size, const std::vector<std::vector<int64_t>>& voxels) {
  at::Tensor mask = at::zeros(size, at::kBool);
  for (const auto& at : voxels) mask[at[0]][at[1]][at[2]].fill_(true);
  return mask;
}

imaging::Volume region_of(const at::Tensor& mask, std::array<double, 3> spacing) {
  imaging::Geometry grid;
  grid.size = {mask.size(2), mask.size(1), mask.size(0)};
  grid.spacing = spacing;
  return imaging::make_volume(mask.to(at::kByte).unsqueeze(0), grid);
}

TEST(Region, LargestPieceTouchesByCorners) {
  const at::Tensor mask = mask_of({3, 4, 5}, {{0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {0, 0, 4}, {0, 1, 4}});
  EXPECT_TRUE(at::equal(largest_piece(mask), mask_of({3, 4, 5}, {{0, 0, 0}, {1, 1, 1}, {2, 2, 2}})));
  // Of equal ones the first.
  const at::Tensor equal = mask_of({1, 1, 5}, {{0, 0, 0}, {0, 0, 2}, {0, 0, 4}});
  EXPECT_TRUE(at::equal(largest_piece(equal), mask_of({1, 1, 5}, {{0, 0, 0}})));
  EXPECT_FALSE(largest_piece(at::zeros({2, 2, 2}, at::kBool)).any().item<bool>());
}

TEST(Region, HolesAreWhatNoWayByFacesLeaves) {
  at::Tensor shell = at::zeros({5, 5, 5}, at::kBool);
  shell.slice(0, 1, 4).slice(1, 1, 4).slice(2, 1, 4).fill_(true);
  at::Tensor full = shell.clone();
  shell[2][2][2].fill_(false);
  EXPECT_TRUE(at::equal(without_holes(shell), full));
  // A corner that is open leads nowhere by faces, a face does.
  shell[1][1][1].fill_(false);
  full[1][1][1].fill_(false);
  EXPECT_TRUE(at::equal(without_holes(shell), full));
  shell[2][2][1].fill_(false);
  EXPECT_TRUE(at::equal(without_holes(shell), shell));
  // One slice is filled as a picture.
  at::Tensor ring = at::ones({1, 3, 3}, at::kBool);
  ring[0][1][1].fill_(false);
  EXPECT_TRUE(without_holes(ring).all().item<bool>());
}

TEST(Region, GrowsAndShrinksByMillimetres) {
  const at::Tensor dot = mask_of({5, 5, 5}, {{2, 2, 2}});
  imaging::Volume region = region_of(dot, {1, 1, 3});
  dilate(region, 1);
  EXPECT_TRUE(at::equal(region.data[0].to(at::kBool),
                        mask_of({5, 5, 5}, {{2, 2, 2}, {2, 2, 1}, {2, 2, 3}, {2, 1, 2}, {2, 3, 2}})));
  dilate(region, -1);
  EXPECT_TRUE(at::equal(region.data[0].to(at::kBool), dot));
  dilate(region, 3);  // 3 mm are three voxels in a slice and the next one across them
  EXPECT_EQ(region.data[0][3].sum().item<int64_t>(), 1);
  EXPECT_EQ(region.data[0][2].sum().item<int64_t>(), 5 * 5);
  // Beyond the image nothing is outside.
  imaging::Volume all = region_of(at::ones({3, 3, 3}, at::kBool), {1, 1, 1});
  dilate(all, -5);
  EXPECT_EQ(all.data.sum().item<int64_t>(), 27);
  imaging::Volume none = region_of(at::zeros({3, 3, 3}, at::kBool), {1, 1, 1});
  dilate(none, 5);
  EXPECT_EQ(none.data.sum().item<int64_t>(), 0);
}

}  // namespace
}  // namespace photo51::data
