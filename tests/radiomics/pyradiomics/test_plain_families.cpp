// Families without directions, on regions small enough to work out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "radiomics/ibsi/autocorrelation.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/region/moments.hpp"

namespace photo51::radiomics {
namespace {

Region region_of(const Grid& grid, std::vector<double> intensity, Mask mask) {
  Region region;
  region.grid = grid;
  region.whole = grid.size;
  region.intensity = std::move(intensity);
  region.shape = mask;
  region.mask = std::move(mask);
  for (int64_t voxel = 0; voxel < grid.count(); ++voxel)
    if (region.mask[voxel]) region.voxels.push_back(voxel);
  return region;
}

/// A row of voxels, all of them inside.
Region row_of(std::vector<double> intensity) {
  const auto count = static_cast<int64_t>(intensity.size());
  return region_of({{1, 1, count}, {1, 1, 1}}, std::move(intensity), Mask(count, 1));
}

std::map<std::string, double> values_of(const Family& family, const Region& region, Settings settings = {}) {
  const Levels levels = discretise(region, settings.discretise, settings.range);
  const Texture texture = make_texture(region, levels, 1);
  const Values values = family.compute({region, levels, texture, {}, settings, nullptr}, {});
  std::map<std::string, double> result;
  for (size_t i = 0; i < family.info.features.size(); ++i) result[family.info.features[i].tag] = values[0][i];
  return result;
}

Region scattered(const Grid& grid, int seed) {
  std::mt19937 random(seed);
  std::vector<double> intensity;
  Mask mask;
  for (int64_t i = 0; i < grid.count(); ++i) {
    intensity.push_back(static_cast<double>(random() % 1000) / 10);
    mask.push_back(random() % 4 == 0 ? 0 : 1);
  }
  return region_of(grid, std::move(intensity), std::move(mask));
}

/// The definition, voxel by voxel.
Autocorrelation slowly(const Region& region) {
  double mean = 0, weights = 0, product = 0, difference = 0, squares = 0;
  for (const int64_t i : region.voxels) mean += region.intensity[i];
  mean /= static_cast<double>(region.voxels.size());
  for (const int64_t i : region.voxels) {
    squares += std::pow(region.intensity[i] - mean, 2);
    for (const int64_t j : region.voxels) {
      if (i == j) continue;
      const auto a = region.grid.place(i), b = region.grid.place(j);
      double apart = 0;
      for (int axis = 0; axis < 3; ++axis)
        apart += std::pow(static_cast<double>(a[axis] - b[axis]) * region.grid.spacing[axis], 2);
      const double weight = 1 / std::sqrt(apart);
      weights += weight;
      product += weight * (region.intensity[i] - mean) * (region.intensity[j] - mean);
      difference += weight * std::pow(region.intensity[i] - region.intensity[j], 2);
    }
  }
  const auto count = static_cast<double>(region.voxels.size());
  return {count / weights * product / squares, (count - 1) / (2 * weights) * difference / squares};
}

TEST(AutocorrelationOfARegion, AgreesWithEveryPairLookedAt) {
  // The first is small enough for pairs, the others dense enough for transforms, with even and odd last axes.
  for (const Grid& grid :
       {Grid{{3, 4, 5}, {3, 1, 2}}, Grid{{13, 14, 15}, {3, 1, 2}}, Grid{{1, 45, 46}, {1, 1, 0.5}}}) {
    const Region region = scattered(grid, 7);
    const Autocorrelation fast = autocorrelation(region), slow = slowly(region);
    EXPECT_NEAR(fast.moran, slow.moran, 1e-10);
    EXPECT_NEAR(fast.geary, slow.geary, 1e-10);
  }
}

TEST(AutocorrelationOfARegion, IsNotThereForOneVoxelOrOneIntensity) {
  EXPECT_TRUE(std::isnan(autocorrelation(row_of({5})).moran));
  EXPECT_TRUE(std::isnan(autocorrelation(row_of({5, 5, 5})).geary));
}

TEST(Morphology, OfTwoVoxels) {
  const auto of = values_of(morphology(), row_of({1, 3}));
  EXPECT_DOUBLE_EQ(of.at("morph_vol_approx"), 2);
  EXPECT_DOUBLE_EQ(of.at("morph_diam"), 2);
  EXPECT_DOUBLE_EQ(of.at("morph_com"), 0.25);
  EXPECT_DOUBLE_EQ(of.at("morph_integ_int"), 2 * of.at("morph_volume"));
  EXPECT_DOUBLE_EQ(of.at("morph_vol_dens_conv_hull"), 1);
  EXPECT_DOUBLE_EQ(of.at("morph_pca_maj_axis"), 4 * std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(of.at("morph_pca_flatness"), 0);
  // An ellipsoid without thickness has no volume to compare with.
  EXPECT_TRUE(std::isnan(of.at("morph_vol_dens_aee")));
}

TEST(LocalIntensity, TakesTheBallAroundAVoxelInAndOutsideTheRegion) {
  // Voxels of 5 mm: the ball of 6.2 mm holds a voxel and its six neighbours.
  const Grid grid{{3, 3, 4}, {5, 5, 5}};
  std::vector<double> intensity(grid.count(), 1);
  Mask mask(grid.count(), 0);
  const int64_t centre = grid.at(1, 1, 1), corner = grid.at(0, 0, 3);
  intensity[centre] = 8;
  intensity[corner] = 8;
  mask[centre] = mask[corner] = mask[grid.at(1, 1, 2)] = 1;
  const auto of = values_of(local_intensity(), region_of(grid, intensity, mask));
  // Both have the highest intensity; the corner has three neighbours in the image, the centre six.
  EXPECT_DOUBLE_EQ(of.at("loc_peak_loc"), (8 + 3) / 4.0);
  EXPECT_DOUBLE_EQ(of.at("loc_peak_glob"), (8 + 3) / 4.0);
}

TEST(LocalIntensity, TheGlobalPeakNeedNotLieAtTheHighestIntensity) {
  const Grid grid{{1, 1, 9}, {5, 5, 5}};
  const auto of =
      values_of(local_intensity(), region_of(grid, {0, 9, 0, 0, 7, 7, 7, 0, 0}, {1, 1, 1, 1, 1, 1, 1, 1, 1}));
  EXPECT_DOUBLE_EQ(of.at("loc_peak_loc"), 3);
  EXPECT_DOUBLE_EQ(of.at("loc_peak_glob"), 7);
}

TEST(Statistics, OfAConstantRegionHaveNoSpread) {
  const auto of = values_of(statistics(), row_of({0.1, 0.1, 0.1}));
  EXPECT_EQ(of.at("stat_skew"), 0);
  EXPECT_EQ(of.at("stat_kurt"), 0);
  EXPECT_EQ(of.at("stat_iqr"), 0);
  EXPECT_DOUBLE_EQ(of.at("stat_rms"), 0.1);
}

TEST(Statistics, DoNotDependOnTheUnit) {
  // As of a diffusion coefficient in m²/s.
  const auto of = values_of(statistics(), row_of({1, 2, 2, 9})),
             tiny = values_of(statistics(), row_of({1e-9, 2e-9, 2e-9, 9e-9}));
  EXPECT_NEAR(tiny.at("stat_skew"), of.at("stat_skew"), 1e-9);
  EXPECT_NEAR(tiny.at("stat_kurt"), of.at("stat_kurt"), 1e-9);
}

TEST(Percentiles, AreThoseOfSortedValues) {
  const std::vector<double> values{9, 1, 4, 4, 7, 0, 3};
  const auto found = percentiles(values, {0, 10, 12, 50, 75, 100});
  EXPECT_THAT(found, testing::Pointwise(testing::DoubleNear(1e-12), {0.0, 0.6, 0.72, 4.0, 5.5, 9.0}));
}

TEST(IntensityHistogram, PicksTheModeNearestToTheMean) {
  Settings settings;
  settings.discretise.method = DiscretiseMethod::none;
  EXPECT_EQ(values_of(intensity_histogram(), row_of({1, 1, 3, 3, 4, 5}), settings).at("ih_mode"), 3);
  EXPECT_EQ(values_of(intensity_histogram(), row_of({1, 1, 3, 3}), settings).at("ih_mode"), 1);
}

TEST(IntensityHistogram, HasNoSlopeWithOneLevel) {
  Settings settings;
  settings.discretise.method = DiscretiseMethod::none;
  const auto of = values_of(intensity_histogram(), row_of({1, 1}), settings);
  EXPECT_EQ(of.at("ih_max_grad"), 0);
  EXPECT_EQ(of.at("ih_min_grad_g"), 1);
  EXPECT_EQ(of.at("ih_entropy"), 0);
}

TEST(IntensityVolumeHistogram, OfWholeNumbersFallsFromOneToTheNext) {
  const auto of = values_of(intensity_volume_histogram(), row_of({0, 0, 0, 0, 0, 0, 10, 10, 10, 10}));
  EXPECT_DOUBLE_EQ(of.at("ivh_v10"), 0.4);
  EXPECT_DOUBLE_EQ(of.at("ivh_v90"), 0.4);
  EXPECT_DOUBLE_EQ(of.at("ivh_i90"), 1);
  EXPECT_DOUBLE_EQ(of.at("ivh_i10"), 11);
  // From 1 to 0.4 over a tenth, then 0.4.
  EXPECT_NEAR(of.at("ivh_auc"), 0.07 + 0.9 * 0.4, 1e-12);
}

TEST(IntensityVolumeHistogram, TakesItsEndsFromTheRange) {
  Settings settings;
  settings.range = {-10, 30};
  const auto of =
      values_of(intensity_volume_histogram(), row_of({0, 0, 0, 0, 0, 0, 10, 10, 10, 10}), settings);
  EXPECT_DOUBLE_EQ(of.at("ivh_v10"), 1);  // from -6 on
  EXPECT_DOUBLE_EQ(of.at("ivh_v90"), 0);  // from 26 on
  EXPECT_NEAR(of.at("ivh_auc"), (10 * 1 + 0.7 + 9 * 0.4 + 0.2) / 40, 1e-12);
}

TEST(IntensityVolumeHistogram, OfFractionsHasPointsWhereTheyAre) {
  const auto of = values_of(intensity_volume_histogram(), row_of({0.25, 0.5, 0.75, 1.25}));
  EXPECT_DOUBLE_EQ(of.at("ivh_v10"), 0.75);
  EXPECT_DOUBLE_EQ(of.at("ivh_v90"), 0.25);
  EXPECT_DOUBLE_EQ(of.at("ivh_i90"), 0.5);
  EXPECT_DOUBLE_EQ(of.at("ivh_i10"), 1.25);
}

TEST(IntensityVolumeHistogram, OfBinsHasPointsInTheirMiddles) {
  Settings settings;
  settings.range = {0, 10};
  settings.ivh = {.method = DiscretiseMethod::fixed_width, .width = 2.5};
  const auto of = values_of(intensity_volume_histogram(), row_of({0, 1, 3, 10}), settings);
  EXPECT_DOUBLE_EQ(of.at("ivh_i90"), 3.75);
  EXPECT_DOUBLE_EQ(of.at("ivh_v90"), 0.25);
  EXPECT_DOUBLE_EQ(of.at("ivh_i10"), 11.25);  // beyond the last bin
  settings.ivh = {.method = DiscretiseMethod::fixed_count, .count = 4};
  const auto counted = values_of(intensity_volume_histogram(), row_of({0, 1, 3, 10}), settings);
  EXPECT_DOUBLE_EQ(counted.at("ivh_i90"), 2);
  EXPECT_DOUBLE_EQ(counted.at("ivh_v10"), 0.5);
}

TEST(IntensityVolumeHistogram, HasNoFractionsOfAConstantRegion) {
  const auto of = values_of(intensity_volume_histogram(), row_of({5, 5}));
  EXPECT_TRUE(std::isnan(of.at("ivh_v10")));
  EXPECT_TRUE(std::isnan(of.at("ivh_auc")));
  EXPECT_DOUBLE_EQ(of.at("ivh_i10"), 6);
}

}  // namespace
}  // namespace photo51::radiomics
