#include "photo51/preprocess/histopathology/tiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/config/read.hpp"
#include "photo51/core/thread_pool.hpp"
#include "preprocess/slides.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using testing::HasSubstr;

class Tiles : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  imaging::Slide slide_ = imaging::open_slide(write_slide(folder_));

  static TileOptions whole(double mpp, int64_t size) {
    TileOptions options;
    options.mpp = mpp;
    options.size = size;
    options.tissue.method = TissueMethod::none;
    return options;
  }
};

TEST_F(Tiles, CopyALevelThatMatches) {
  const auto options = whole(0.504, 200);  // within 2%
  const auto tiles = tile_grid(slide_, options);
  ASSERT_EQ(tiles.size(), 20U);
  const at::Tensor values = read_tiles(slide_, tiles, options);
  const at::Tensor pixels = slide_pixels();
  for (size_t i = 0; i < tiles.size(); ++i)
    EXPECT_TRUE(values[static_cast<int64_t>(i)].equal(
        pixels.narrow(1, 200 * tiles[i].row, 200).narrow(2, 200 * tiles[i].column, 200)))
        << i;
}

TEST_F(Tiles, AreMeansAtAnyResolution) {
  // 1 um is no level: the mean of 2 x 2 pixels of 0.5 um.
  const auto options = whole(1, 100);
  const auto tiles = tile_grid(slide_, options);
  ASSERT_EQ(tiles.size(), 20U);
  const at::Tensor expected = at::avg_pool2d(slide_pixels().to(at::kFloat), {2, 2});
  const at::Tensor values = read_tiles(slide_, tiles, options).to(at::kFloat);
  for (size_t i = 0; i < tiles.size(); ++i) {
    const at::Tensor there =
        expected.narrow(1, 100 * tiles[i].row, 100).narrow(2, 100 * tiles[i].column, 100);
    EXPECT_LE((values[static_cast<int64_t>(i)] - there).abs().max().item<float>(), 0.5F) << i;
  }
  // 3 um lies between levels: from 2 um, 1.5 pixels a side; the mean color stays.
  const auto coarse = whole(3, 32);
  const auto few = tile_grid(slide_, coarse);
  const auto means = read_tiles(slide_, few, coarse).to(at::kFloat).mean({2, 3});
  for (size_t i = 0; i < few.size(); ++i) {
    const at::Tensor there = slide_pixels()
                                 .narrow(1, std::llround(few[i].y), std::llround(few[i].extent_y))
                                 .narrow(2, std::llround(few[i].x), std::llround(few[i].extent_x));
    EXPECT_LE((means[static_cast<int64_t>(i)] - there.to(at::kFloat).mean({1, 2})).abs().max().item<float>(),
              1);
  }
}

TEST_F(Tiles, KeepOnlyTissue) {
  TileOptions options;
  options.mpp = 0.5;
  options.size = 100;
  options.tissue.mpp = 2;
  const auto tiles = tile_grid(slide_, options);
  EXPECT_EQ(tiles.size(), 36U);
  for (const Tile& tile : tiles) {
    EXPECT_TRUE(tile.x >= 200 && tile.x <= 700 && tile.y >= 100 && tile.y <= 600);
    EXPECT_GT(tile.tissue, 0.9);
  }
  options.stride = 50;  // overlapping: also those half on tissue
  EXPECT_EQ(tile_grid(slide_, options).size(), 13U * 13U - 4U);
  options.min_tissue = 0.95;
  EXPECT_EQ(tile_grid(slide_, options).size(), 11U * 11U);
}

TEST_F(Tiles, AreChosenByCounter) {
  auto options = whole(0.5, 40);
  const auto all = tile_grid(slide_, options);
  options.max_tiles = 10;
  const auto a = tile_grid(slide_, options, 7), b = tile_grid(slide_, options, 7);
  const auto c = tile_grid(slide_, options, 8);
  ASSERT_EQ(a.size(), 10U);
  bool same = true, other = false;
  for (size_t i = 0; i < a.size(); ++i) {
    same = same && a[i].x == b[i].x && a[i].y == b[i].y;
    other = other || a[i].x != c[i].x || a[i].y != c[i].y;
    if (i > 0) {
      EXPECT_LT(a[i - 1].row * 25 + a[i - 1].column, a[i].row * 25 + a[i].column);
    }
  }
  EXPECT_TRUE(same);
  EXPECT_TRUE(other);
  EXPECT_EQ(choose_tiles(all, 0, 0, 0).size(), all.size());
}

TEST_F(Tiles, AreTheSameFromThreads) {
  const auto options = whole(0.7, 64);
  const auto tiles = tile_grid(slide_, options);
  core::ThreadPool pool(4);
  EXPECT_TRUE(read_tiles(slide_, tiles, options, &pool).equal(read_tiles(slide_, tiles, options)));
}

TEST_F(Tiles, SayWhatToSet) {
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { tile_grid(slide_, whole(0.25, 64)); }),
              HasSubstr("0.5 um, coarser than the 0.25 um asked for; set a larger mpp, or upsample"));
  auto finer = whole(0.25, 64);
  finer.upsample = true;
  EXPECT_EQ(read_tiles(slide_, tile_grid(slide_, finer), finer).size(2), 64);
  TileOptions strict;
  strict.size = 700;
  strict.min_tissue = 1;
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { tile_grid(slide_, strict); }),
              HasSubstr("none of its 1 tiles has 100% tissue (0.0"));
  auto tiny = whole(0.05, 8);
  tiny.upsample = true;
  tiny.stride = 1;
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { tile_grid(slide_, tiny); }), HasSubstr("too many"));
  const auto unknown = imaging::open_slide(write_slide(folder_, 352.8));
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { tile_grid(unknown, whole(1, 64)); }),
              HasSubstr("set mpp of the slide"));
}

TEST_F(Tiles, ThatCannotBeReadAreLeftOutAndCounted) {
  // One level, so that the search for tissue meets the damage too; 4 x 4 tiles of 256 in the file.
  const auto path = folder_ / "one.tiff";
  test::write_tiff(path, {{slide_pixels(), COMPRESSION_ADOBE_DEFLATE, 256, {}, 0.5}});
  damage_tile(path, 5);  // 256..511 both ways: all tissue
  const auto slide = imaging::open_slide(path);
  TileOptions options;
  options.mpp = 0.5;
  options.size = 100;
  options.tissue.mpp = 2;
  std::vector<std::string> warnings;
  options.max_damaged = 0.5;
  const auto tiles = tile_grid(slide, options, 0, &warnings);
  // Of 36 tiles those that reach into it: columns 2 to 5 and rows 2 to 5.
  EXPECT_EQ(tiles.size(), 36U - 16U);
  for (const Tile& tile : tiles) read_tiles(slide, {tile}, options);
  EXPECT_THAT(warnings, testing::Contains(HasSubstr("16 of its 36 tiles cannot be read")));
  EXPECT_THAT(warnings, testing::Contains(HasSubstr("is damaged at 8.2% of its area")));
  EXPECT_EQ(tile_overview(slide, options, 500).tiles, 20);
  options.max_damaged = 0.25;
  PHOTO51_EXPECT_ERROR(tile_grid(slide, options), data, HasSubstr("more than max_damaged allows"));
  EXPECT_EQ(damage_allowed(36, options), 9);
  EXPECT_EQ(damage_allowed(2, options), 1);
  EXPECT_EQ(damage_allowed(1, options), 0);
}

TEST_F(Tiles, OfASlideDamagedAllOverAreRefused) {
  const auto path = folder_ / "one.tiff";
  test::write_tiff(path, {{slide_pixels(), COMPRESSION_ADOBE_DEFLATE, 256, {}, 0.5}});
  for (const uint32_t tile : {1U, 5U, 6U, 9U, 10U}) damage_tile(path, tile);
  PHOTO51_EXPECT_ERROR(tile_grid(imaging::open_slide(path), {}), data,
                       HasSubstr("of its area, too much to look for tissue; copy the file again"));
}

TEST_F(Tiles, AreDrawnOnAThumbnail) {
  TileOptions options;
  options.mpp = 0.5;
  options.size = 100;
  options.tissue.mpp = 2;
  const TileOverview overview = tile_overview(slide_, options, 500);
  EXPECT_EQ(overview.tiles, 36);
  EXPECT_NEAR(overview.area, 0.09, 0.003);
  ASSERT_EQ(overview.picture.sizes(), (at::IntArrayRef{400, 500, 3}));
  const auto color = [&](int64_t y, int64_t x) {
    const at::Tensor pixel = overview.picture[y][x];
    return std::array<int, 3>{pixel[0].item<int>(), pixel[1].item<int>(), pixel[2].item<int>()};
  };
  // Tiles of 50 pixels from (100, 50) on; the outline of the tissue lies on their outer rim.
  EXPECT_EQ(color(100, 170), (std::array<int, 3>{0, 90, 255}));
  EXPECT_NE(color(120, 170), (std::array<int, 3>{0, 90, 255}));
  int64_t yellow = 0;
  for (int64_t x = 100; x < 400; ++x)
    for (int64_t y = 46; y < 54; ++y) yellow += color(y, x) == std::array<int, 3>{255, 176, 0};
  EXPECT_GT(yellow, 280);
}

TEST(TileCases, AreRight) {
  PHOTO51_NEEDS_SHARED_CASES("slides");
  const auto cases = test::shared_cases() / "slides";
  TileOptions options;
  options.mpp = 2;
  options.size = 64;
  std::vector<std::string> warnings;
  const auto masson = imaging::open_slide(cases / "special_stains/masson.tif");
  EXPECT_EQ(tile_grid(masson, options, 0, &warnings).size(), 96U);
  EXPECT_THAT(warnings, testing::IsEmpty());
  options.tissue.pen = true;
  EXPECT_EQ(tile_grid(masson, options, 0, &warnings).size(), 48U);
  EXPECT_THAT(warnings, testing::Contains(HasSubstr("left out as ink (tissue.pen)")));
  TileOptions small;
  small.size = 64;
  PHOTO51_EXPECT_ERROR(tile_grid(imaging::open_slide(cases / "odd_levels/tiny.tif"), small), data,
                       HasSubstr("lower tissue.min_area"));
}

TEST(TileOptions, AreReadFromAConfig) {
  TileOptions options;
  config::read(config::parse_yaml("{mpp: 1, size: 256, tissue: density, slide: {mpp: 0.25}}", "test"),
               options);
  EXPECT_EQ(options.tissue.method, TissueMethod::density);
  EXPECT_EQ(options.slide.mpp, 0.25);
  EXPECT_THAT(test::message_of(core::Fault::usage,
                               [&] { config::read(config::parse_yaml("{tissue: otsu}", "test"), options); }),
              HasSubstr("saturation"));
}

}  // namespace
}  // namespace photo51::preprocess
