#include "photo51/preprocess/prepare.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "preprocess/cases.hpp"

namespace photo51::preprocess {
namespace {

using test::Channels;
using Size = std::array<int64_t, 3>;

PreprocessOptions plain() {
  PreprocessOptions options;
  options.normalize.method = NormalizeMethod::none;
  return options;
}

imaging::Geometry grid(Size size, std::array<double, 3> spacing, double degrees = 0) {
  imaging::Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.origin = {-20, 15, 40};
  const double c = std::cos(degrees * M_PI / 180), s = std::sin(degrees * M_PI / 180);
  g.direction = {c, -s, 0, s, c, 0, 0, 0, 1};
  return g;
}

/// Every voxel that is not padding must hold the field's value at its place.
void expect_field(const Prepared& prepared, int64_t channel, double padding_share = 0) {
  const auto values = prepared.values[channel];
  const auto [error, count] = test::field_error(values, prepared.geometry);
  EXPECT_LT(error, 0.02);
  EXPECT_NEAR(1 - double(count) / double(values.numel()), padding_share, 0.02);
}

imaging::Volume block(Size low, Size high, const imaging::Geometry& geometry, int value = 1) {
  auto voxels = at::zeros({geometry.size[2], geometry.size[1], geometry.size[0]}, at::kByte);
  voxels.slice(0, low[2], high[2] + 1)
      .slice(1, low[1], high[1] + 1)
      .slice(2, low[0], high[0] + 1)
      .fill_(value);
  return test::volume(voxels, geometry);
}

TEST(Prepare, WithoutOptionsOnlyReorders) {
  auto geometry = grid({6, 5, 4}, {1, 2, 3});
  geometry.direction = {-1, 0, 0, 0, -1, 0, 0, 0, 1};  // RAS
  const auto prepared = prepare({test::world_field(geometry)}, {}, false, plain());
  EXPECT_EQ(prepared.geometry.size, (Size{6, 5, 4}));
  EXPECT_EQ(prepared.geometry.direction, imaging::Geometry{}.direction);
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-25, 7, 40}));
  expect_field(prepared, 0);
  auto kept = plain();
  kept.orientation = "none";
  EXPECT_TRUE(at::equal(prepare({test::world_field(geometry)}, {}, false, kept).values,
                        test::world_field(geometry).data));
}

TEST(Prepare, ResamplesToSpacingFromTheFirstVoxel) {
  auto options = plain();
  options.spacing = {1.5, 1.5, 2};
  const auto prepared = prepare({test::world_field(grid({20, 18, 10}, {1, 1, 3}))}, {}, false, options);
  // round(19 / 1.5) + 1, round(17 / 1.5) + 1, round(27 / 2) + 1 (13.5 + 1 rounds to even).
  EXPECT_EQ(prepared.geometry.size, (Size{14, 12, 14}));
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-20, 15, 40}));
  // The last sample along x lies at 19.5 mm, half a voxel past the last centre, and repeats the edge.
  const auto inner = prepared.values.narrow(3, 0, 13);
  auto inner_geometry = prepared.geometry;
  inner_geometry.size[0] = 13;
  expect_field({inner.contiguous(), inner_geometry}, 0);
  EXPECT_NEAR(prepared.values[0][0][0][13].item<double>(), test::field({-1, 15, 40}), 1e-3);
}

TEST(Prepare, ObliqueScanStaysOblique) {
  auto options = plain();
  options.spacing = {1.25, 1.3, 1.1};  // whole steps: no sample past the last centre
  const auto geometry = grid({16, 14, 12}, {1, 1, 1}, 25);
  const auto prepared = prepare({test::world_field(geometry)}, {}, false, options);
  EXPECT_EQ(prepared.geometry.direction, geometry.direction);
  expect_field(prepared, 0);
}

TEST(Prepare, BringsOtherGridsIntoTheFirstChannelsFrame) {
  auto options = plain();
  options.spacing = {1, 1, 1};
  const auto frame = grid({12, 12, 12}, {1, 1, 1});
  auto wide = grid({30, 30, 30}, {1.1, 0.9, 1.2}, 30);  // turned, and covers the frame
  wide.origin = {-16, 0, 30};
  auto half = frame;  // shifted by half its width: the rest is padding
  half.origin[0] += 6;
  const auto prepared =
      prepare({test::world_field(frame), test::world_field(wide), std::nullopt, test::world_field(half)}, {},
              false, options);
  EXPECT_EQ(prepared.values.size(0), 4);
  EXPECT_EQ(prepared.geometry.size, (Size{12, 12, 12}));
  expect_field(prepared, 0);
  expect_field(prepared, 1);
  EXPECT_EQ(prepared.values[2].count_nonzero().item<int64_t>(), 0);
  expect_field(prepared, 3, 0.5);
}

TEST(Prepare, AbsentFirstChannelLeavesTheFrameToTheNextAndThenTheMask) {
  const auto second = grid({5, 6, 7}, {1, 1, 1});
  EXPECT_EQ(prepare({std::nullopt, test::world_field(second)}, {}, false, plain()).geometry.size,
            (Size{5, 6, 7}));
  const auto only_mask = prepare({std::nullopt}, block({1, 1, 1}, {2, 2, 2}, second), true, plain());
  EXPECT_EQ(only_mask.values.sum().item<double>(), 8);
  EXPECT_EQ(only_mask.values[0].sum().item<double>(), 0);
}

TEST(Prepare, MasksAreResampledAsEverywhere) {
  // One slab between slices, one whose voxels' centres fall on the borders of the image's.
  auto frame = grid({9, 8, 7}, {1, 1, 2});
  for (const double shift : {0.0, 0.5, 1.0, 1.5}) {
    auto thick = frame;
    thick.size = {4, 4, 1};
    thick.spacing = {2, 2, 4};
    thick.origin = frame.to_world({1 + shift, 2 - shift, 3 + shift / 2});
    const auto mask = block({0, 0, 0}, {3, 3, 0}, thick);
    auto options = plain();
    options.orientation = "none";
    const Augmentation nothing;
    const auto fused = prepare({test::world_field(frame)}, mask, true, options);
    const auto moved = prepare({test::world_field(frame)}, mask, true, options, &nothing);
    const auto right = imaging::on_grid_of(mask, frame).data.to(at::kFloat);
    EXPECT_GT(right.sum().item<float>(), 0);
    EXPECT_TRUE(at::equal(fused.values.narrow(0, 1, 1), right)) << shift;
    EXPECT_TRUE(at::equal(moved.values.narrow(0, 1, 1), right)) << shift;
  }
}

TEST(Prepare, MaskIsTheLastChannelAndBinary) {
  const auto geometry = grid({8, 8, 8}, {1, 1, 1});
  const auto mask = block({2, 3, 4}, {4, 5, 6}, geometry, 4);
  const auto prepared = prepare({test::world_field(geometry)}, mask, true, plain());
  ASSERT_EQ(prepared.values.size(0), 2);
  EXPECT_TRUE(at::equal(prepared.values[1], mask.data[0].ne(0).to(at::kFloat)));
  EXPECT_EQ(prepare({test::world_field(geometry)}, mask, false, plain()).values.size(0), 1);
  const auto without = prepare({test::world_field(geometry)}, {}, true, plain());
  ASSERT_EQ(without.values.size(0), 2);
  EXPECT_EQ(without.values[1].count_nonzero().item<int64_t>(), 0);
}

TEST(Prepare, MaskTakesTheNearestVoxelWhenResampled) {
  auto options = plain();
  options.spacing = {0.5, 0.5, 0.5};
  const auto geometry = grid({6, 6, 6}, {1, 1, 1});
  const auto prepared =
      prepare({test::world_field(geometry)}, block({2, 2, 2}, {3, 3, 3}, geometry), true, options);
  const auto mask = prepared.values[1];
  EXPECT_TRUE(at::logical_or(mask.eq(0), mask.eq(1)).all().item<bool>());
  // Samples 1.5 (nearest 2), 2, 2.5, 3 of the voxels 2 and 3; 3.5 goes to 4.
  EXPECT_EQ(mask.sum().item<double>(), 4 * 4 * 4);
}

TEST(Prepare, CropsAroundTheMaskWithAMarginCutAtTheScan) {
  auto options = plain();
  options.crop.around = CropAround::mask;
  options.crop.margin = 3;
  const auto geometry = grid({20, 20, 10}, {1, 1, 2});
  const auto prepared =
      prepare({test::world_field(geometry)}, block({1, 8, 4}, {5, 12, 5}, geometry), true, options);
  // x: 1 - 3 is cut at 0 and 5 + 3 = 8; y: 5..15; z: 3 mm are 2 voxels of 2 mm, 2..7.
  EXPECT_EQ(prepared.geometry.size, (Size{9, 11, 6}));
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-20, 20, 44}));
  expect_field(prepared, 0);
  EXPECT_EQ(prepared.values[1].sum().item<double>(), 5 * 5 * 2);
}

TEST(Prepare, MaskOnAnotherGridCropsTheSamePlace) {
  auto options = plain();
  options.crop.around = CropAround::mask;
  const auto geometry = grid({20, 20, 20}, {1, 1, 1});
  auto coarse = grid({10, 10, 10}, {2, 2, 2});
  const auto prepared =
      prepare({test::world_field(geometry)}, block({2, 3, 4}, {4, 5, 6}, coarse), false, options);
  EXPECT_EQ(prepared.geometry.size, (Size{5, 5, 5}));  // centres at 4, 6 and 8 mm
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-16, 21, 48}));
}

TEST(Prepare, CropsToTheForegroundOfAnyChannel) {
  auto options = plain();
  options.crop.around = CropAround::foreground;
  const auto geometry = grid({12, 12, 12}, {1, 1, 1});
  const Channels channels{block({3, 3, 3}, {5, 5, 5}, geometry, 7), block({4, 6, 4}, {8, 6, 4}, geometry, 9)};
  const auto prepared = prepare(channels, {}, false, options);
  EXPECT_EQ(prepared.geometry.size, (Size{6, 4, 3}));
  EXPECT_EQ(prepared.values[0].sum().item<double>(), 27 * 7);
  options.crop.threshold = 8;
  EXPECT_EQ(prepare(channels, {}, false, options).geometry.size, (Size{5, 1, 1}));
}

TEST(Prepare, SizeIsAWindowAboutTheCropsCentre) {
  auto options = plain();
  options.crop.around = CropAround::mask;
  options.size = {6, 4, 9};
  const auto geometry = grid({20, 20, 7}, {1, 1, 1});
  const auto prepared =
      prepare({test::world_field(geometry)}, block({8, 8, 2}, {11, 13, 4}, geometry), false, options);
  EXPECT_EQ(prepared.geometry.size, (Size{6, 4, 9}));
  // x: 8..11 grows to 7..12 and shows the scan; y: 8..13 shrinks to 9..12; z: 2..4 grows past 0..6.
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-13, 24, 39}));
  expect_field(prepared, 0, 2.0 / 9);
  EXPECT_EQ(prepared.values[0][0].count_nonzero().item<int64_t>(), 0);
  EXPECT_EQ(prepared.values[0][8].count_nonzero().item<int64_t>(), 0);
}

TEST(Prepare, ResizeStretchesTheOuterEdges) {
  auto options = plain();
  options.size = {10, 5, 4};
  options.fit = SizeFit::resize;
  const auto prepared = prepare({test::world_field(grid({20, 20, 4}, {1, 1, 2}))}, {}, false, options);
  EXPECT_EQ(prepared.geometry.spacing, (std::array<double, 3>{2, 4, 2}));
  // The first of ten samples over 20 voxels lies between the first two.
  EXPECT_EQ(prepared.geometry.origin, (std::array<double, 3>{-19.5, 16.5, 40}));
  expect_field(prepared, 0);
}

TEST(Prepare, AntialiasAveragesAlsoForTurnedGrids) {
  auto options = plain();
  options.spacing = {4, 4, 4};
  const auto frame = grid({24, 24, 24}, {1, 1, 1});
  at::manual_seed(5);
  const auto noise = at::randn({24, 24, 24});
  const auto deviation = [&](bool antialias, double degrees) {
    options.antialias = antialias;
    auto geometry = grid({24, 24, 24}, {1, 1, 1}, degrees);
    const auto prepared =
        prepare({test::world_field(frame), test::volume(noise, geometry)}, {}, false, options);
    const auto inside = prepared.values[1].masked_select(prepared.values[1].ne(0));
    return inside.std().item<double>();
  };
  for (const double degrees : {0.0, 30.0}) {
    EXPECT_GT(deviation(false, degrees), 0.3) << degrees;
    EXPECT_LT(deviation(true, degrees), 0.2) << degrees;
  }
  options.antialias = true;
  // A symmetric average of a linear field is the field, away from the edges.
  const auto smooth = prepare({test::world_field(grid({25, 25, 25}, {1, 1, 1}))}, {}, false, options);
  const auto expected = test::world_field(smooth.geometry).data;
  const auto inner = [](const at::Tensor& t) { return t.slice(1, 1, 6).slice(2, 1, 6).slice(3, 1, 6); };
  EXPECT_LT((inner(smooth.values) - inner(expected)).abs().max().item<double>(), 0.01);
}

TEST(Prepare, NormalisesEachChannelInsideTheScanOnly) {
  auto options = plain();
  options.normalize.method = NormalizeMethod::zscore;
  options.normalize.region = NormalizeRegion::all;
  options.size = {12, 12, 12};
  const auto geometry = grid({6, 6, 6}, {1, 1, 1});
  const auto first = test::world_field(geometry);
  auto second = first;
  second.data = (first.data * 7).to(at::kShort);
  const auto prepared = prepare({first, second}, {}, false, options);
  for (int64_t c = 0; c < 2; ++c) {
    const auto inside = prepared.values[c].slice(0, 3, 9).slice(1, 3, 9).slice(2, 3, 9);
    EXPECT_NEAR(inside.mean().item<double>(), 0, 1e-5);
    EXPECT_NEAR(inside.std(false).item<double>(), 1, 1e-4);
    EXPECT_NEAR(prepared.values[c].abs().sum().item<double>(), inside.abs().sum().item<double>(), 1e-2);
  }
}

TEST(Prepare, NormalisesByTheMaskWithoutKeepingIt) {
  auto options = plain();
  options.normalize.method = NormalizeMethod::zscore;
  options.normalize.region = NormalizeRegion::mask;
  const auto geometry = grid({6, 6, 6}, {1, 1, 1});
  const auto prepared =
      prepare({test::world_field(geometry)}, block({1, 1, 1}, {3, 3, 3}, geometry), false, options);
  ASSERT_EQ(prepared.values.size(0), 1);
  const auto inside = prepared.values[0].slice(0, 1, 4).slice(1, 1, 4).slice(2, 1, 4);
  EXPECT_NEAR(inside.mean().item<double>(), 0, 1e-5);
  EXPECT_NEAR(inside.std(false).item<double>(), 1, 1e-4);
}

TEST(Prepare, ThreadsAndInputTypesDoNotChangeTheResult) {
  auto options = plain();
  options.spacing = {1.7, 1.7, 1.7};
  options.crop.around = CropAround::foreground;
  options.normalize.method = NormalizeMethod::percentile;
  at::manual_seed(4);
  const auto voxels = at::randint(-50, 900, {30, 40, 36}, at::kShort);
  const auto geometry = grid({36, 40, 30}, {1, 1, 1});
  core::ThreadPool pool(3);
  const auto one = prepare({test::volume(voxels, geometry)}, {}, false, options);
  const auto threaded = prepare({test::volume(voxels, geometry)}, {}, false, options, nullptr, {}, &pool);
  const auto from_float = prepare({test::volume(voxels.to(at::kFloat), geometry)}, {}, false, options);
  EXPECT_TRUE(at::equal(one.values, threaded.values));
  EXPECT_TRUE(at::equal(one.values, from_float.values));
}

/// Around a lesion few voxels are negative; the scale is the whole scan's all the same.
TEST(Prepare, TheRegionOfAPartIsThatOfTheWholeScan) {
  imaging::Geometry geometry;
  geometry.size = {16, 16, 16};
  auto raw = test::world_field(geometry);  // of which a part is cut away
  raw.data.slice(3, 0, 8).zero_();
  raw.data.slice(1, 10, 16).slice(3, 10, 16).add_(200);
  auto scored = raw;
  const auto body = raw.data.gt(0);
  const auto inside = raw.data.masked_select(body);
  scored.data = at::where(body, (raw.data - inside.mean()) / inside.std(false), at::zeros_like(raw.data));
  PreprocessOptions options;
  options.crop.around = CropAround::mask;
  options.normalize.method = NormalizeMethod::zscore;
  auto voxels = at::zeros({16, 16, 16}, at::kByte);
  voxels.slice(0, 9, 16).slice(1, 4, 12).slice(2, 9, 16).fill_(1);
  const auto lesion = test::volume(voxels, geometry);
  const auto expected = prepare({raw}, lesion, false, options);
  const auto found = prepare({scored}, lesion, false, options);
  EXPECT_EQ(found.regions, (std::set<std::string>{"the voxels that are not 0"}));
  EXPECT_LT((found.values - expected.values).abs().max().item<double>(), 1e-4);
  EXPECT_EQ(found.warnings.size(), 1U);
  EXPECT_EQ(expected.warnings.size(), 0U);
}

}  // namespace
}  // namespace photo51::preprocess
