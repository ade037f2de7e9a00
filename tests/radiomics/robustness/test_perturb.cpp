#include "photo51/radiomics/robustness/perturb.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "radiomics/robustness/supervoxels.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using ::testing::HasSubstr;

/// A ball of radius 12 mm, brighter than its surroundings, on anisotropic voxels; and a smaller one beside
/// it.
struct Scene {
  imaging::Volume image, mask;

  explicit Scene(double noise = 0) {
    imaging::Geometry geometry;
    geometry.size = {48, 44, 20};
    geometry.spacing = {1, 1.25, 2};
    geometry.origin = {10, -20, 5};
    const auto axis = [](int64_t n, double spacing) {
      return (at::arange(n) - (n - 1) / 2.0).to(at::kFloat) * spacing;
    };
    const auto z = axis(20, 2).view({20, 1, 1}), y = axis(44, 1.25).view({1, 44, 1}),
               x = axis(48, 1).view({1, 1, 48});
    const auto inside = (x * x + y * y + z * z).lt(144);
    const auto spot = ((x - 5).square() + y * y + z * z).lt(16);
    at::manual_seed(1);
    const auto values =
        100 * inside.to(at::kFloat) + 50 * spot.to(at::kFloat) + noise * at::randn({20, 44, 48});
    image = imaging::make_volume(values.unsqueeze(0).contiguous(), geometry);
    mask = imaging::make_volume(inside.to(at::kByte).unsqueeze(0).contiguous(), geometry);
    image.source = "image";
    mask.source = "mask";
  }
};

double voxels(const imaging::Volume& mask) {
  return mask.data.sum().item<double>();
}

std::array<double, 3> centre(const imaging::Volume& volume) {
  const auto at = volume.data[0].ne(0).nonzero().to(at::kDouble).mean(0);
  return volume.geometry.to_world({at[2].item<double>(), at[1].item<double>(), at[0].item<double>()});
}

TEST(Perturb, NothingChangesNothing) {
  const Scene scene(5);
  const auto [image, mask] = perturbed(scene.image, scene.mask, {}, {}, 4);
  EXPECT_EQ(voxels(mask), voxels(scene.mask));
  const auto inside = image.data.masked_select(mask.data.ne(0));
  EXPECT_TRUE(at::allclose(inside, scene.image.data.masked_select(scene.mask.data.ne(0)), 1e-4, 1e-3));
}

TEST(Perturb, TurningAndMovingKeepThePlaceInThePatient) {
  const Scene scene;
  for (const Perturbation& how :
       {Perturbation{.rotation = 30}, Perturbation{.translation = {0.5, 0.25, 0.5}}}) {
    const auto [image, mask] = perturbed(scene.image, scene.mask, how);
    EXPECT_NEAR(voxels(mask), voxels(scene.mask), 0.05 * voxels(scene.mask));
    const auto was = centre(scene.mask), is = centre(mask);
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(is[axis], was[axis], 0.3) << axis;
    // The bright spot is where it was, too.
    imaging::Volume bright = image, wanted = scene.image;
    bright.data = image.data.gt(130);
    wanted.data = scene.image.data.gt(130);
    for (size_t axis = 0; axis < 3; ++axis)
      EXPECT_NEAR(centre(bright)[axis], centre(wanted)[axis], 0.3) << axis;
  }
}

TEST(Perturb, NewSpacingTakesOneInterpolation) {
  const Scene scene;
  const auto [image, mask] = perturbed(scene.image, scene.mask, {.rotation = 10}, {2, 2, 2});
  EXPECT_EQ(image.geometry.spacing, (std::array<double, 3>{2, 2, 2}));
  EXPECT_NEAR(8 * voxels(mask), 2.5 * voxels(scene.mask), 0.05 * 2.5 * voxels(scene.mask));
}

TEST(Perturb, VolumesGrowAndShrinkByAsMuchAsIsSaid) {
  const Scene scene;
  for (const double share : {-0.2, -0.05, 0.1, 0.3}) {
    const auto mask = perturbed(scene.image, scene.mask, {.volume = share}).second;
    EXPECT_EQ(voxels(mask), std::llround(voxels(scene.mask) * (1 + share)));
    const auto was = centre(scene.mask), is = centre(mask);
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(is[axis], was[axis], 0.3) << axis;
  }
}

TEST(Perturb, OutlinesAreDrawnAnewNearTheOldOnes) {
  // So noisy that supervoxels do not find the old outline again.
  const Scene scene(80);
  for (const Contour contour : {Contour::distance, Contour::supervoxels}) {
    const auto draw = [&](uint64_t seed) {
      return perturbed(scene.image, scene.mask, {.contour = contour, .seed = seed}).second.data;
    };
    const auto plain = perturbed(scene.image, scene.mask, {}).second.data;
    const auto first = draw(1);
    EXPECT_TRUE(at::equal(first, draw(1)));
    EXPECT_FALSE(at::equal(first, draw(2)));
    const double both = first.logical_and(plain).sum().item<double>();
    const double dice = 2 * both / (first.sum() + plain.sum()).item<double>();
    EXPECT_GT(dice, 0.8);
    EXPECT_LT(dice, 0.999);
  }
}

TEST(Perturb, NoiseIsEstimatedAndAdded) {
  const Scene quiet, noisy(8);
  EXPECT_NEAR(noise_deviation(noisy.image), 8, 0.4);
  const auto plain = perturbed(noisy.image, noisy.mask, {}).first.data;
  const auto more = perturbed(noisy.image, noisy.mask, {.noise = 2}).first.data;
  EXPECT_NEAR((more - plain).std().item<double>(), 16, 1);
}

TEST(Perturb, SupervoxelsFollowEdges) {
  const Grid grid{{8, 8, 16}, {1, 1, 1}};
  std::vector<double> step(grid.count());
  for (int64_t i = 0; i < grid.count(); ++i) step[i] = i % 16 < 7 ? 0 : 100;
  const auto label = supervoxels(step, grid, 4, 20);
  std::vector<std::array<int, 2>> sides(*std::max_element(label.begin(), label.end()) + 1, {0, 0});
  for (int64_t i = 0; i < grid.count(); ++i) ++sides[label[i]][i % 16 < 7];
  for (const auto& side : sides) EXPECT_TRUE(side[0] == 0 || side[1] == 0) << side[0] << " and " << side[1];
  EXPECT_GE(sides.size(), 16U);
}

TEST(Perturb, FeaturesOfAllCombinationsComeInOneOrder) {
  const Scene scene(5);
  PerturbationGrid grid;
  grid.rotation = {-5, 5};
  grid.translation = {0, 0.5};
  grid.volume = {-1, 0};
  const auto all = combinations(grid);
  ASSERT_EQ(all.size(), 8U);
  Settings settings;
  settings.families = {FeatureFamily::statistics};
  core::ThreadPool pool(2);
  const auto features = features_under(scene.image, scene.mask, settings, all, &pool);
  ASSERT_EQ(features.size(), 8U);
  for (size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(features[i].size(), features[1].size());
    EXPECT_EQ(features[i][0].tag, features[1][0].tag);
    EXPECT_EQ(std::isnan(features[i][0].value), all[i].volume == -1) << i;
  }
  EXPECT_NE(features[1][0].value, features[3][0].value);
}

TEST(Perturb, RefusesWhatLeavesNothing) {
  Scene scene;
  PHOTO51_EXPECT_ERROR(perturbed(scene.image, scene.mask, {.volume = -1}), data, HasSubstr("leaves nothing"));
  PHOTO51_EXPECT_ERROR(features_under(scene.image, scene.mask, {}, {{.volume = -1}}), data,
                       HasSubstr("no perturbation"));
  imaging::Volume empty = scene.mask;
  empty.data = at::zeros_like(empty.data);
  PHOTO51_EXPECT_ERROR(perturbed(scene.image, empty, {}), data, HasSubstr("empty"));
  empty.geometry.origin[0] += 7;
  PHOTO51_EXPECT_ERROR(perturbed(scene.image, empty, {}), data, HasSubstr("grid"));
}

}  // namespace
}  // namespace photo51::radiomics
