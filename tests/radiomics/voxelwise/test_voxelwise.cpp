#include "photo51/radiomics/voxelwise/voxelwise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/config/read.hpp"
#include "photo51/radiomics/filters/filter.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using ::testing::HasSubstr;

imaging::Volume volume(const at::Tensor& data) {
  imaging::Geometry geometry;
  geometry.size = {data.size(2), data.size(1), data.size(0)};
  return imaging::make_volume(data.unsqueeze(0).contiguous(), geometry);
}

struct VoxelScene {
  imaging::Volume image, mask;
  Settings settings;

  VoxelScene() {
    at::manual_seed(3);
    image = volume(at::randint(1, 6, {6, 7, 12}).to(at::kFloat));
    mask = volume(at::rand({6, 7, 12}).gt(0.3).to(at::kByte));
    settings.discretise.method = DiscretiseMethod::none;
  }
};

const at::Tensor& find(const std::vector<FeatureMap>& maps, const std::string& name) {
  for (const FeatureMap& map : maps)
    if (map.name == name) return map.map.data;
  throw std::out_of_range(name);
}

TEST(Voxelwise, SlidingAlongARowEqualsStartingAtEachVoxel) {
  const VoxelScene scene;
  for (const int64_t radius : {1, 2}) {
    // With every voxel of the image in the cubes, those of a row are the same whichever of it are asked for.
    const VoxelwiseOptions options{.radius = radius, .masked = false};
    imaging::Volume row = scene.mask;
    row.data = at::zeros_like(scene.mask.data);
    row.data[0][2][3].fill_(1);
    const auto all = voxelwise(scene.image, row, scene.settings, options);
    for (const int64_t x : {0, 1, 5, 10, 11}) {
      imaging::Volume one = row;
      one.data = at::zeros_like(row.data);
      one.data[0][2][3][x] = 1;
      const auto alone = voxelwise(scene.image, one, scene.settings, options);
      ASSERT_EQ(all.size(), alone.size());
      for (size_t i = 0; i < all.size(); ++i) {
        const auto pick = [&](const imaging::Volume& map) {
          const auto origin = map.geometry.origin;
          return map
              .data[0][2 - std::llround(origin[2])][3 - std::llround(origin[1])][x - std::llround(origin[0])]
              .item<double>();
        };
        EXPECT_NEAR(pick(all[i].map), pick(alone[i].map), 1e-6 * (1 + std::abs(pick(all[i].map))))
            << all[i].name << " at " << x;
      }
    }
  }
}

TEST(Voxelwise, KnowsTheContrastOfStripes) {
  VoxelScene scene;
  const auto stripes = at::arange(12).remainder(2).mul(2).add(1).to(at::kFloat);  // 1 3 1 3 …
  scene.image = volume(stripes.expand({6, 7, 12}));
  scene.mask.data = at::ones_like(scene.mask.data);
  const auto maps = voxelwise(scene.image, scene.mask, scene.settings, {});
  // 9 of 13 directions lead to the next stripe, 2 levels away; the others stay in one.
  EXPECT_NEAR(find(maps, "original_glcm_Contrast")[0][3][3][5].item<double>(), 4 * 9 / 13.0, 1e-6);
  EXPECT_NEAR(find(maps, "original_firstorder_Mean")[0][3][3][5].item<double>(), (9 * 3 + 18 * 1) / 27.0,
              1e-6);
  // Three slices of one level each, the outer two not touching.
  EXPECT_NEAR(find(maps, "original_glszm_ZonePercentage")[0][3][3][5].item<double>(), 3 / 27.0, 1e-6);
  EXPECT_NEAR(find(maps, "original_gldm_LargeDependenceEmphasis")[0][3][3][5].item<double>(),
              (3 * 81 + 12 * 36 + 12 * 16) / 27.0, 1e-4);
}

TEST(Voxelwise, ThreadsChangeNothing) {
  const VoxelScene scene;
  core::ThreadPool pool(3);
  const auto one = voxelwise(scene.image, scene.mask, scene.settings, {});
  const auto many = voxelwise(scene.image, scene.mask, scene.settings, {}, &pool);
  for (size_t i = 0; i < one.size(); ++i)
    EXPECT_TRUE(at::allclose(one[i].map.data, many[i].map.data, 1e-6, 1e-6, /*equal_nan=*/true))
        << one[i].name;
}

TEST(Voxelwise, MapsOnlyTheFamiliesThatAreAskedFor) {
  const VoxelScene scene;
  const auto maps = voxelwise(scene.image, scene.mask, scene.settings, {.families = {MappedFamily::ngtdm}});
  ASSERT_EQ(maps.size(), 5U);
  for (const FeatureMap& map : maps) {
    EXPECT_EQ(map.name.find("original_ngtdm_"), 0U);
    EXPECT_EQ(map.map.data.isnan().logical_not().sum().item<int64_t>(),
              scene.mask.data.sum().item<int64_t>());
  }
}

Settings theirs(const Pyradiomics& pyradiomics) {
  Settings settings = profile("pyradiomics");
  settings.pyradiomics = pyradiomics;
  settings.pyradiomics.bin_width = 1;
  return settings;
}

TEST(Voxelwise, RefusesSettingsThatItDoesNotRead) {
  const VoxelScene scene;
  const auto refused = [&](const Settings& settings, const std::string& key,
                           const VoxelwiseOptions& options = {}) {
    PHOTO51_EXPECT_ERROR(voxelwise(scene.image, scene.mask, settings, options), usage, HasSubstr(key));
  };
  refused(theirs({.resampled_spacing = {1, 1, 1}}), "resampledPixelSpacing");
  refused(theirs({.feature_class = {"firstorder_StandardDeviation"}}), "firstorder_StandardDeviation");
  refused(theirs({.feature_class = {"shape"}}), "no maps");
  refused(theirs({.feature_class = {"glcm"}}), "no maps", {.families = {MappedFamily::ngtdm}});
  const auto changed = [&](auto change) {
    Settings settings = scene.settings;
    change(settings);
    return settings;
  };
  refused(changed([](Settings& s) { s.distance = 2; }), "distance");
  refused(changed([](Settings& s) { s.coarseness = 1; }), "coarseness");
  refused(changed([](Settings& s) { s.aggregation = {TextureAggregation::average_2d}; }), "aggregation");
  refused(changed([](Settings& s) { s.filters = {config::default_choice(filter_components(), "mean")}; }),
          "filters");
}

TEST(Voxelwise, AsksOfTheRegionWhatFeaturesAskOfIt) {
  const VoxelScene scene;
  const auto refused = [&](const Pyradiomics& settings, const std::string& key) {
    PHOTO51_EXPECT_ERROR(voxelwise(scene.image, scene.mask, theirs(settings), {}), data, HasSubstr(key));
  };
  refused({.label = 2}, "label 2");
  refused({.minimum_size = 100000}, "minimumROISize");
}

TEST(Voxelwise, MapsTheFeaturesThatAreNamed) {
  const VoxelScene scene;
  const auto maps =
      voxelwise(scene.image, scene.mask, theirs({.feature_class = {"glcm_Contrast", "ngtdm", "shape"}}),
                {.outside = -7});
  ASSERT_EQ(maps.size(), 6U);
  EXPECT_EQ(maps[0].name, "original_glcm_Contrast");
  const at::Tensor outside = find(maps, "original_glcm_Contrast").masked_select(scene.mask.data.eq(0));
  EXPECT_TRUE(outside.eq(-7).all().item<bool>());
}

/// Cubes that slide and those of whole regions' definitions are two ways to one feature.
TEST(Voxelwise, SlidingCubesEqualTheGeneralOnes) {
  const VoxelScene scene;
  for (const bool flat : {false, true}) {
    Pyradiomics settings{.force_2d = flat, .force_2d_dimension = 1};
    const auto sliding = voxelwise(scene.image, scene.mask, theirs(settings), {});
    settings.distances = {1, 3};  // no cube of this radius has a pair so far apart
    const auto general = voxelwise(scene.image, scene.mask, theirs(settings), {});
    ASSERT_EQ(sliding.size(), general.size());
    for (size_t i = 0; i < sliding.size(); ++i) {
      if (sliding[i].name.ends_with("MCC") || sliding[i].name.ends_with("Imc2")) continue;
      EXPECT_TRUE(at::allclose(sliding[i].map.data, general[i].map.data, 1e-5, 1e-6, /*equal_nan=*/true))
          << sliding[i].name;
    }
  }
}

TEST(Voxelwise, TakesLevelsFromTheBoxThatCubesReachAsPyradiomicsDoes) {
  VoxelScene scene;
  scene.image.data[0][0][0][0] = -1000;  // no cube reaches it
  scene.mask.data.zero_();
  scene.mask.data[0].slice(0, 3, 5).slice(1, 3, 5).slice(2, 6, 9).fill_(1);
  const auto maps =
      voxelwise(scene.image, scene.mask, theirs({.feature_class = {"glcm_JointAverage"}}), {.masked = false});
  EXPECT_LT(maps[0].map.data.nan_to_num(0).max().item<double>(), 6);
}

TEST(Voxelwise, RefusesMoreLevelsThanItCanCount) {
  VoxelScene scene;
  scene.settings.discretise = {.method = DiscretiseMethod::fixed_width, .width = 1e-3};
  PHOTO51_EXPECT_ERROR(voxelwise(scene.image, scene.mask, scene.settings, {}), data,
                       HasSubstr("voxel-wise maps take up to 1024 levels"));
}

}  // namespace
}  // namespace photo51::radiomics
