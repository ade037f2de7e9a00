// From image and mask to the region that features are computed on.
#include "radiomics/region/region.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "radiomics/phantom.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using core::Fault;
using photo51::test::message_of;
using test::empty_study;
using test::random_study;
using test::Study;
using testing::HasSubstr;

Settings resampled(std::vector<double> spacing, Interpolation interpolation) {
  Settings settings;
  settings.spacing = std::move(spacing);
  settings.interpolation = interpolation;
  return settings;
}

TEST(Region, IsTheBoxAroundTheMask) {
  Study study = empty_study({20, 21, 22});
  study.mask.data[0].slice(0, 8, 10).slice(1, 7, 10).slice(2, 6, 10).fill_(3);
  const Region region = make_region(study.image, study.mask, {}, 2);
  EXPECT_EQ(region.voxels.size(), 2U * 3 * 4);
  EXPECT_EQ(region.whole, (std::array<int64_t, 3>{22, 21, 20}));
  const Box box = bounding_box(region.mask, region.grid);
  for (int axis = 0; axis < 3; ++axis) {
    EXPECT_EQ(box.first[axis] + region.offset[axis], 8 - axis);
    EXPECT_EQ(box.last[axis] + region.offset[axis], 9);
    EXPECT_GE(box.first[axis], 2);
  }
}

TEST(Region, KeepsTheCentreOfTheGrid) {
  // 5 voxels of 3 mm become 8 of 2 mm, which are 1 mm wider: the first lies half a millimetre further out.
  Study study = empty_study({5, 3, 3}, {3, 1, 1});
  study.mask.data.fill_(1);
  study.image.data.copy_(at::arange(5).expand({1, 3, 3, 5}).to(at::kFloat) * 3);  // mm from the first voxel
  const Region region = make_region(study.image, study.mask, resampled({2, 0, 0}, Interpolation::linear), 0);
  ASSERT_EQ(region.grid.size, (std::array<int64_t, 3>{3, 3, 8}));
  EXPECT_EQ(region.grid.spacing, (std::array<double, 3>{1, 1, 2}));
  const std::vector<double> wanted{0, 1, 3, 5, 7, 9, 11, 12};  // the ends hold what is outermost
  for (int64_t x = 0; x < 8; ++x) EXPECT_NEAR(region.intensity[x], wanted[x], 1e-12) << x;
}

TEST(Region, GetsNoVoxelForTheRoundingOfItsSpacing) {
  Study study = empty_study({4, 4, 60}, {1, 1, 3.0000001});
  study.mask.data.fill_(1);
  EXPECT_EQ(make_region(study.image, study.mask, resampled({0, 0, 2}, Interpolation::linear), 0).whole[0],
            90);
}

TEST(Region, OfOneSliceStaysOne) {
  Study study = empty_study({8, 8, 1}, {1, 1, 5});
  study.mask.data.fill_(1);
  const Region region = make_region(study.image, study.mask, resampled({2, 2, 2}, Interpolation::cubic), 0);
  EXPECT_EQ(region.whole, (std::array<int64_t, 3>{1, 4, 4}));
}

TEST(Region, HasTheValuesOfTheWholeImage) {
  Study study = random_study({64, 60, 70}, 2000, 0);
  study.mask.data.fill_(0);
  study.mask.data[0].slice(0, 30, 36).slice(1, 28, 33).slice(2, 31, 38).fill_(1);
  for (const Interpolation interpolation :
       {Interpolation::nearest, Interpolation::linear, Interpolation::cubic})
    for (const auto& spacing : {std::vector<double>{1.3, 1.1, 2}, {0.5, 0.7, 0}}) {
      const Settings settings = resampled(spacing, interpolation);
      const Region part = make_region(study.image, study.mask, settings, 0);
      const Region whole = make_region(study.image, study.mask, settings, 1000);
      ASSERT_EQ(whole.grid.size, whole.whole);
      ASSERT_EQ(part.voxels.size(), whole.voxels.size());
      ASSERT_LT(part.grid.count(), whole.grid.count() / 50);
      for (size_t k = 0; k < part.voxels.size(); ++k)
        ASSERT_NEAR(part.intensity[part.voxels[k]], whole.intensity[whole.voxels[k]], 1e-9)
            << config::name_of(interpolation);
    }
}

TEST(Region, FollowsACubicByItsSpline) {
  // A B-spline of degree 3 reproduces cubics; the ends, which it mirrors, are far away.
  Study study = empty_study({120, 3, 3});
  const at::Tensor x = (at::arange(120).to(at::kDouble) - 60) / 10;
  study.image.data = (x * x * x - 2 * x * x + 3).expand({1, 3, 3, 120}).contiguous();
  study.mask.data[0].slice(2, 55, 66).fill_(1);
  const Region region = make_region(study.image, study.mask, resampled({0.7, 0, 0}, Interpolation::cubic), 0);
  const double first = (119 - 0.7 * static_cast<double>(region.whole[2] - 1)) / 2;
  for (int64_t i = 0; i < region.grid.size[2]; ++i) {
    const double at = (first + 0.7 * static_cast<double>(i + region.offset[2]) - 60) / 10;
    EXPECT_NEAR(region.intensity[i], at * at * at - 2 * at * at + 3, 1e-9) << at;
  }
}

TEST(Resegmentation, KeepsWhatRangeAndOutliersKeepOfTheRegionAsDrawn) {
  Study study = empty_study({104, 3, 3});
  study.mask.data[0][1][1].fill_(1);
  auto line = study.image.data.accessor<float, 4>()[0][1][1];
  for (int64_t x = 0; x < 104; ++x) line[x] = x % 2 == 0 ? 10.0F : 12.0F;
  line[50] = 40;  // would be an outlier without the next
  line[51] = 5000;
  Settings settings;
  const auto left = [&] {
    Region region = make_region(study.image, study.mask, settings, 0);
    resegment(region, settings);
    EXPECT_EQ(std::count(region.shape.begin(), region.shape.end(), 1), 104);
    EXPECT_EQ(std::count(region.mask.begin(), region.mask.end(), 1),
              static_cast<int64_t>(region.voxels.size()));
    return region.voxels.size();
  };
  settings.outliers = 3;
  EXPECT_EQ(left(), 103U);
  settings.range = {std::nan(""), 100};
  EXPECT_EQ(left(), 103U);
  settings.range = {10, 12};
  EXPECT_EQ(left(), 102U);
  settings.range = {11, std::nan("")};
  EXPECT_EQ(left(), 52U);
  settings.outliers = 0;
  EXPECT_EQ(left(), 53U);
}

std::vector<int32_t> levels_of(const std::vector<float>& intensities, const Discretisation& how,
                               const std::vector<double>& range = {}) {
  const auto count = static_cast<int64_t>(intensities.size());
  Study study = empty_study({count, 1, 1});
  study.image.data.copy_(at::tensor(intensities).reshape({1, 1, 1, count}));
  study.mask.data.fill_(1);
  return discretise(make_region(study.image, study.mask, {}, 0), how, range).level;
}

TEST(Levels, StartWhereTheSettingsSay) {
  using Levels = std::vector<int32_t>;
  const std::vector<float> values{-3, 0, 24.9F, 25, 47};
  Discretisation how{.method = DiscretiseMethod::fixed_width, .width = 25};
  EXPECT_EQ(levels_of(values, how), (Levels{1, 1, 2, 2, 3}));
  EXPECT_EQ(levels_of(values, how, {-25, 100}), (Levels{1, 2, 2, 3, 3}));
  EXPECT_EQ(levels_of(values, how, {std::nan(""), 100}), (Levels{1, 1, 2, 2, 3}));
  how.start = -50;
  EXPECT_EQ(levels_of(values, how, {-25, 100}), (Levels{2, 3, 3, 4, 4}));
  how = {.method = DiscretiseMethod::fixed_count, .count = 5};
  EXPECT_EQ(levels_of(values, how), (Levels{1, 1, 3, 3, 5}));
  EXPECT_EQ(levels_of({7, 7}, how), (Levels{1, 1}));
  how.method = DiscretiseMethod::none;
  EXPECT_EQ(levels_of({7, 1, 300}, how), (Levels{7, 1, 300}));
}

TEST(Levels, RefuseWhatIsNone) {
  const auto refused = [](const std::vector<float>& values, const Discretisation& how, const char* word) {
    EXPECT_THAT(message_of(Fault::data, [&] { levels_of(values, how); }), HasSubstr(word));
  };
  refused({-1000, 3}, {.method = DiscretiseMethod::none}, "discretise.method");
  refused({1.5F, 3}, {.method = DiscretiseMethod::none}, "discretise.method");
  refused({1, 3}, {.method = DiscretiseMethod::fixed_width, .width = 1, .start = 2}, "discretise.start");
  refused({0, 3e9F}, {.method = DiscretiseMethod::fixed_width, .width = 1}, "discretise.width");
}

TEST(Region, ResamplesAMaskOnceFromItsOwnGrid) {
  // An image of 2 mm and a mask of 1 mm on the same place; voxels of 1 mm are then the mask's own.
  Study study = random_study({5, 5, 5}, 5, 2);
  imaging::Geometry& image = study.image.geometry;
  image.spacing = {2, 2, 2};
  imaging::Volume& mask = study.mask;
  mask.geometry = image;
  mask.geometry.size = {10, 10, 10};
  mask.geometry.spacing = {1, 1, 1};
  mask.geometry.origin = image.to_world({-0.25, -0.25, -0.25});
  mask.data = at::zeros({1, 10, 10, 10}, at::kByte);
  mask.data[0].select(0, 4).narrow(0, 2, 5).narrow(1, 3, 4).fill_(1);  // a sheet of 20 mm3
  Settings settings;
  settings.spacing = {1, 1, 1};
  for (const Interpolation interpolation :
       {Interpolation::nearest, Interpolation::linear, Interpolation::cubic}) {
    settings.mask_interpolation = interpolation;
    const Region region = make_region(study.image, mask, settings, 0);
    EXPECT_EQ(region.voxels.size(), 20U) << config::name_of(interpolation);
    EXPECT_EQ(region.offset[0] + region.grid.place(region.voxels[0])[0], 4) << config::name_of(interpolation);
  }
  // At the mask's edge nothing goes on beyond it.
  imaging::Volume small = mask;
  small.data = at::ones({1, 3, 3, 3}, at::kByte);
  small.geometry.size = {3, 3, 3};
  small.geometry.origin = image.to_world({1.75, 1.75, 1.75});
  settings.mask_interpolation = Interpolation::linear;
  EXPECT_EQ(make_region(study.image, small, settings, 0).voxels.size(), 27U);
  // Axes that run the other way: by the image's voxels.
  mask.data = at::ones({1, 10, 10, 10}, at::kByte);
  mask.geometry.direction = {-1, 0, 0, 0, 1, 0, 0, 0, 1};
  mask.geometry.origin = image.to_world({4.25, -0.25, -0.25});
  EXPECT_EQ(make_region(study.image, mask, settings, 0).voxels.size(), 1000U);
  EXPECT_TRUE(takes_own_grid(settings));
  EXPECT_FALSE(takes_own_grid({}));
}

TEST(Region, RefusesWhatHasNone) {
  const auto refused = [](const Study& study, const Settings& settings, const char* word) {
    EXPECT_THAT(message_of(Fault::data, [&] { extract(study.image, study.mask, settings); }),
                HasSubstr(word));
  };
  refused(empty_study({5, 5, 5}), {}, "mask.nii: the mask is empty");
  Study study = random_study({9, 9, 9}, 5, 2);
  Study other = study;
  other.mask.geometry.origin[0] = 3;
  refused(other, {}, "does not lie on the grid");
  other = study;
  other.image.data = at::zeros({2, 9, 9, 9});
  refused(other, {}, "one channel");
  other = study;
  other.image.data = study.image.data.clone();
  other.image.data[0][4][4][4] = std::nan("");
  refused(other, {}, "not finite");
  Settings settings;
  settings.range = {1000, 2000};
  refused(study, settings, "`range`");
  settings = {};
  settings.outliers = 1e-3;
  refused(study, settings, "`outliers`");
  Study speck = empty_study({40, 40, 40});
  speck.mask.data[0][20][20][20] = 1;
  refused(speck, resampled({7, 7, 7}, Interpolation::linear), "`spacing`");
}

TEST(Region, MindsNothingFarAway) {
  Study study = empty_study({60, 60, 60});
  study.mask.data[0].slice(0, 28, 32).slice(1, 28, 32).slice(2, 28, 32).fill_(1);
  study.image.data[0][0][0][0] = std::nan("");
  EXPECT_NO_THROW(make_region(study.image, study.mask, {}, 7));
}

TEST(Region, MindsNothingAroundTheMaskForFamiliesOfTheMaskAlone) {
  Study study = random_study({9, 9, 9}, 5, 2);
  const auto only = [](std::vector<FeatureFamily> families, std::vector<double> spacing = {}) {
    Settings settings;
    settings.families = std::move(families);
    settings.spacing = std::move(spacing);
    return settings;
  };
  const auto wanted = test::features(study, only({FeatureFamily::statistics, FeatureFamily::glcm}));
  study.image.data = study.image.data.masked_fill(study.mask.data.eq(0), std::nan(""));
  EXPECT_EQ(test::features(study, only({FeatureFamily::statistics, FeatureFamily::glcm})), wanted);
  const auto refused = [&](const Settings& settings) {
    return message_of(Fault::data, [&] { extract(study.image, study.mask, settings); });
  };
  EXPECT_THAT(refused(only({FeatureFamily::local_intensity})), testing::HasSubstr("not finite"));
  EXPECT_THAT(refused(only({FeatureFamily::diagnostic})), testing::HasSubstr("diagnostic"));
  EXPECT_THAT(refused(only({FeatureFamily::statistics}, {1, 1, 1})), testing::HasSubstr("not finite"));
}

TEST(Region, ReadsEveryTypeOfVoxel) {
  const Study study = random_study({9, 9, 9}, 100, 2);
  const Region wanted = make_region(study.image, study.mask, {}, 1);
  for (const auto type : {at::kByte, at::kShort, at::kInt, at::kLong, at::kFloat, at::kDouble}) {
    Study same = study;
    same.image.data = study.image.data.to(type);
    same.mask.data = study.mask.data.to(type);
    const Region region = make_region(same.image, same.mask, {}, 1);
    EXPECT_EQ(region.intensity, wanted.intensity);
    EXPECT_EQ(region.voxels, wanted.voxels);
  }
}

}  // namespace
}  // namespace photo51::radiomics
