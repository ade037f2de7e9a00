#include "photo51/preprocess/mammography/breast_tiles.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/config/read.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

/// A breast that fills a box of a picture of 60 rows and 50 columns.
Breast filled(const PixelBox& box) {
  Breast breast;
  breast.mask = at::zeros({60, 50}, at::kByte);
  breast.mask.narrow(0, box.y0, box.y1 - box.y0).narrow(1, box.x0, box.x1 - box.x0).fill_(1);
  breast.box = box;
  breast.air = 7;
  return breast;
}

std::vector<std::pair<double, double>> corners(const std::vector<Tile>& tiles) {
  std::vector<std::pair<double, double>> found;
  for (const Tile& tile : tiles) found.emplace_back(tile.y, tile.x);
  return found;
}

TEST(BreastTiles, CoverTheBoxEvenlyNoFurtherApartThanTheStride) {
  const auto tiles = breast_tiles(filled({10, 0, 50, 30}), {.size = 20, .stride = 15});
  // 40 rows: 20 to spare, two steps of 10; 30 columns: 10 to spare, one step.
  EXPECT_EQ(corners(tiles), (std::vector<std::pair<double, double>>{
                                {10, 0}, {10, 10}, {20, 0}, {20, 10}, {30, 0}, {30, 10}}));
  EXPECT_EQ(tiles[3].row, 1);
  EXPECT_EQ(tiles[3].column, 1);
  EXPECT_EQ(tiles[3].extent_x, 20);
  EXPECT_EQ(tiles[3].tissue, 1);
  EXPECT_EQ(breast_tiles(filled({10, 0, 50, 30}), {.size = 20}).size(), 4U);
}

TEST(BreastTiles, LeavesOutTilesOfAir) {
  Breast breast = filled({0, 0, 40, 40});
  breast.mask.narrow(0, 0, 20).narrow(1, 20, 20).zero_();
  breast.mask.narrow(0, 0, 20).narrow(1, 20, 5).fill_(1);
  EXPECT_EQ(breast_tiles(breast, {.size = 20, .min_breast = 0.26}).size(), 3U);
  const auto tiles = breast_tiles(breast, {.size = 20, .min_breast = 0.25});
  ASSERT_EQ(tiles.size(), 4U);
  EXPECT_EQ(tiles[1].tissue, 0.25);
}

TEST(BreastTiles, ASmallBreastHasOneTileAboutItsMiddle) {
  // 8 rows about 30 in the middle; columns at the edge, where the tile stays inside.
  const auto tiles = breast_tiles(filled({26, 40, 34, 50}), {.size = 20, .min_breast = 0.1});
  EXPECT_EQ(corners(tiles), (std::vector<std::pair<double, double>>{{20, 30}}));
  EXPECT_EQ(tiles[0].tissue, 0.2);
}

TEST(BreastTiles, BeyondTheEdgeIsAir) {
  const Breast breast = filled({0, 0, 60, 50});
  const auto tiles = breast_tiles(breast, {.size = 64});
  ASSERT_EQ(tiles.size(), 1U);
  EXPECT_EQ(tiles[0].tissue, 60.0 * 50 / (64 * 64));
  const at::Tensor image = at::arange(60 * 50, at::kInt).view({1, 60, 50});
  const at::Tensor tile = cut_tile(image, tiles[0], breast.air);
  EXPECT_EQ(tile.sizes(), (at::IntArrayRef{1, 64, 64}));
  EXPECT_EQ(tile.scalar_type(), at::kInt);
  EXPECT_TRUE(tile.narrow(1, 0, 60).narrow(2, 0, 50).equal(image));
  EXPECT_TRUE(tile.narrow(1, 60, 4).eq(7).all().item<bool>());
  EXPECT_TRUE(tile.narrow(2, 50, 14).eq(7).all().item<bool>());
}

TEST(BreastTiles, CutsWhereATileLies) {
  const at::Tensor image = at::arange(60 * 50, at::kFloat).view({60, 50});
  const at::Tensor tile = cut_tile(image, {.x = 5, .y = 9, .extent_x = 8, .extent_y = 8}, 0);
  EXPECT_TRUE(tile.equal(image.slice(0, 9, 17).slice(1, 5, 13)));
}

TEST(BreastTiles, RefusesWhatLeavesNothing) {
  Breast breast = filled({0, 0, 40, 40});
  breast.mask.zero_();
  PHOTO51_EXPECT_ERROR(breast_tiles(breast, {.size = 20, .min_breast = 0.5}), data,
                       HasSubstr("none of the 4 tiles of 20 pixels has 50% breast; lower min_breast"));
  PHOTO51_EXPECT_ERROR(breast_tiles(breast, {.size = 20, .stride = 21}), usage,
                       HasSubstr("the stride of 21 pixels is above the size of 20"));
}

}  // namespace
}  // namespace photo51::preprocess
