#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>

#include "photo51/core/error.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::radiomics {
namespace {

constexpr int64_t kDepth = 40, kHeight = 96, kWidth = 80;
constexpr double kSliceSpacing = 4, kPixelSpacing = 2;

using Where = std::function<bool(double, double, double)>;  ///< x, y, z in mm

/// A study of an ellipsoidal head (half axes 70, 85, 75 mm about the grid's centre) whose brain alternates
/// between 90 and 110, with a lesion of `value`.
struct Study {
  imaging::Volume image, mask;
  std::vector<bool> present;
};

Study make_study(const Where& in_lesion, double value = 200, std::vector<std::string> channels = {"flair"}) {
  const auto count = static_cast<int64_t>(channels.size());
  Study study;
  study.image.data = at::zeros({count, kDepth, kHeight, kWidth});
  study.mask.data = at::zeros({1, kDepth, kHeight, kWidth}, at::kByte);
  auto image = study.image.data.accessor<float, 4>();
  auto mask = study.mask.data.accessor<uint8_t, 4>();
  for (int64_t z = 0; z < kDepth; ++z) {
    for (int64_t y = 0; y < kHeight; ++y) {
      for (int64_t x = 0; x < kWidth; ++x) {
        const double mm_x = (x - (kWidth - 1) / 2.0) * kPixelSpacing;
        const double mm_y = (y - (kHeight - 1) / 2.0) * kPixelSpacing;
        const double mm_z = (z - (kDepth - 1) / 2.0) * kSliceSpacing;
        const bool head = std::pow(mm_x / 70, 2) + std::pow(mm_y / 85, 2) + std::pow(mm_z / 75, 2) <= 1;
        mask[0][z][y][x] = in_lesion(mm_x, mm_y, mm_z);
        for (int64_t c = 0; c < count; ++c) {
          if (head) image[c][z][y][x] = (x + y) % 2 ? 90 : 110;
          if (mask[0][z][y][x]) image[c][z][y][x] = value;
        }
      }
    }
  }
  study.image.geometry.size = study.mask.geometry.size = {kWidth, kHeight, kDepth};
  study.image.geometry.spacing = study.mask.geometry.spacing = {kPixelSpacing, kPixelSpacing, kSliceSpacing};
  study.image.channels = std::move(channels);
  study.image.source = "image.nii";
  study.mask.source = "seg.nii";
  study.present.assign(count, true);
  return study;
}

Where ball(double x0, double y0, double z0, double radius) {
  return [=](double x, double y, double z) { return std::hypot(x - x0, y - y0, z - z0) <= radius; };
}

std::map<std::string, double> describe(const Study& study) {
  const auto names = lesion_descriptor_names(study.image.channels);
  const auto values = lesion_descriptors(study.image, study.present, study.mask);
  EXPECT_EQ(names.size(), values.size());
  std::map<std::string, double> result;
  for (size_t i = 0; i < names.size(); ++i) result[names[i]] = values[i];
  return result;
}

std::string failure(const Study& study) {
  try {
    lesion_descriptors(study.image, study.present, study.mask);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "no error";
}

TEST(LesionShape, OfABall) {
  const auto of = describe(make_study(ball(0, 0, 0, 24)));
  const double volume = 4.0 / 3 * std::numbers::pi * std::pow(24, 3) / 1000;
  EXPECT_NEAR(of.at("shape_log_volume"), std::log(volume), 0.02);
  EXPECT_NEAR(of.at("shape_sphericity"), 1, 0.03);
  EXPECT_NEAR(of.at("shape_elongation"), 1, 0.02);
  EXPECT_NEAR(of.at("shape_flatness"), 1, 0.02);
  EXPECT_NEAR(of.at("shape_ellipsoid_fill"), 1, 0.02);
  EXPECT_NEAR(of.at("shape_log_length"), std::log(48), 0.02);
  EXPECT_GT(of.at("shape_solidity"), 0.93);
  EXPECT_LT(of.at("shape_solidity"), 1);
  EXPECT_NEAR(of.at("shape_log_head_fraction"), std::log(std::pow(24, 3) / (70.0 * 85 * 75)), 0.02);
}

TEST(LesionShape, OfABoxAndOfAnL) {
  const auto box = describe(make_study(
      [](double x, double y, double z) { return std::abs(x) < 40 && std::abs(y) < 20 && std::abs(z) < 12; }));
  EXPECT_NEAR(box.at("shape_elongation"), 0.5, 1e-6);
  EXPECT_NEAR(box.at("shape_flatness"), 0.3, 1e-6);
  EXPECT_NEAR(box.at("shape_solidity"), 1, 1e-12);
  // A box of 80 x 40 x 24 mm: volume 76800, surface 12160, seen at a scale of 3 mm, which rounds the edges.
  const double sphericity = std::cbrt(std::numbers::pi) * std::pow(6 * 76800.0, 2.0 / 3) / 12160;
  EXPECT_GT(box.at("shape_sphericity"), sphericity);
  EXPECT_LT(box.at("shape_sphericity"), 1.15 * sphericity);
  const auto corner = describe(make_study([](double x, double y, double z) {
    return std::abs(x) < 40 && std::abs(y) < 40 && std::abs(z) < 12 && (x < 0 || y < 0);
  }));
  EXPECT_NEAR(corner.at("shape_solidity"), 3 / 3.5, 1e-9);
}

TEST(LesionLocation, FollowsTheLesion) {
  const auto of = describe(make_study(ball(35, -40, 20, 10)));
  // In the plane 20 mm above the centre the head's half axes shrink by sqrt(1 - (20/75)²).
  const double shrink = std::sqrt(1 - std::pow(20.0 / 75, 2));
  EXPECT_NEAR(of.at("location_left"), 35 / (70 * shrink), 0.06);
  EXPECT_NEAR(of.at("location_posterior"), 0.5 - 40 / (2 * 85 * shrink), 0.03);
  EXPECT_NEAR(of.at("location_below_vertex"), (75 - 20) / 150.0, 0.03);
  EXPECT_EQ(of.at("location_midline_crossing"), 0);
  EXPECT_LT(of.at("location_front_edge"), of.at("location_posterior"));
  EXPECT_GT(of.at("location_back_edge"), of.at("location_posterior"));
  EXPECT_LT(of.at("location_medial_edge"), of.at("location_lateral"));
}

TEST(LesionLocation, MirroredChangesOnlyTheSide) {
  const auto left = describe(make_study(ball(35, -40, 20, 10)));
  const auto right = describe(make_study(ball(-35, -40, 20, 10)));
  EXPECT_GT(left.at("location_left"), 0.3);
  for (const auto& [name, value] : left) {
    EXPECT_NEAR(right.at(name), name == "location_left" ? -value : value, 0.01) << name;
  }
}

TEST(LesionLocation, AcrossTheMidlineAndAtTheSurface) {
  const auto central = describe(make_study(ball(0, 0, 0, 20)));
  EXPECT_NEAR(central.at("location_midline_crossing"), 0.5, 1e-9);
  EXPECT_NEAR(central.at("location_left"), 0, 1e-9);
  // The head's width leaves out 1 % on each side: 0.8826 of an ellipsoid's, from (2 + 3u - u³) / 4 = 0.01.
  const double width = 0.8826 * 140;
  EXPECT_NEAR(central.at("location_depth_max"), 70 / width, 0.015);
  const auto surface = describe(make_study(ball(60, 0, 0, 8)));
  EXPECT_NEAR(surface.at("location_depth_mean"), 10 / width, 0.02);
}

TEST(LesionIntensity, IsMeasuredInDeviationsOfTheBrain) {
  // The brain is 100 ± 10, so that 200 lies 10 deviations above it and 1.9 of it is its ratio at 190.
  const auto of = describe(make_study(ball(20, 0, 0, 20), 190));
  EXPECT_NEAR(of.at("flair_mean"), 9, 0.01);
  EXPECT_NEAR(of.at("flair_median"), 9, 0.01);
  EXPECT_NEAR(of.at("flair_deviation"), 0, 1e-6);
  EXPECT_NEAR(of.at("flair_entropy"), 0, 1e-9);
  EXPECT_NEAR(of.at("flair_contrast"), 9, 0.05);
  EXPECT_NEAR(of.at("flair_rim"), 0, 1e-9);
  EXPECT_EQ(of.at("flair_dark"), 0);
  EXPECT_EQ(of.at("flair_bright"), 1);
  EXPECT_NEAR(of.at("flair_ratio"), 1.9, 0.001);
  EXPECT_GT(of.at("flair_edge"), 1);
  EXPECT_NEAR(of.at("flair_texture"), 0, 1e-6);
}

TEST(LesionIntensity, DoesNotDependOnTheScannersScale) {
  Study study = make_study(ball(20, 0, 0, 20), 160);
  const auto before = describe(study);
  study.image.data.mul_(0.13);
  for (const auto& [name, value] : describe(study)) EXPECT_NEAR(value, before.at(name), 1e-4) << name;
}

TEST(LesionIntensity, SeesABrightRim) {
  Study study = make_study(ball(20, 0, 0, 20), 120);
  const Study inner = make_study(ball(20, 0, 0, 15));
  study.image.data.masked_fill_(inner.mask.data.ne(0), 70);
  const auto of = describe(study);
  EXPECT_GT(of.at("flair_rim"), 3);
  EXPECT_NEAR(of.at("flair_dark"), std::pow(15.0 / 20, 3), 0.03);
  EXPECT_NEAR(of.at("flair_p10"), -3, 0.01);
  EXPECT_NEAR(of.at("flair_p90"), 2, 0.01);
}

TEST(LesionEnhancement, IsPostLessPreAgainstTheBrain) {
  Study study = make_study(ball(20, 0, 0, 20), 100, {"pre", "post"});
  study.image.data[1].masked_fill_(study.mask.data[0].ne(0), 150);
  const auto of = describe(study);
  EXPECT_NEAR(of.at("enhancement_mean"), 0.5, 0.001);
  EXPECT_NEAR(of.at("enhancement_p90"), 0.5, 0.001);
  EXPECT_EQ(of.at("enhancement_fraction"), 1);
}

TEST(LesionDescriptors, OfAbsentChannelsAreNaN) {
  Study study = make_study(ball(20, 0, 0, 20), 150, {"post", "flair", "pre"});
  study.present = {false, true, false};
  study.image.data[0].zero_();
  const auto of = describe(study);
  const auto alone = describe(make_study(ball(20, 0, 0, 20), 150));
  for (const auto& [name, value] : of) {
    if (name.starts_with("post_") || name.starts_with("pre_") || name.starts_with("enhancement_")) {
      EXPECT_TRUE(std::isnan(value)) << name;
    } else {
      EXPECT_DOUBLE_EQ(value, alone.at(name)) << name;
    }
  }
  study.present = {false, false, false};
  const auto mask_only = describe(study);
  EXPECT_TRUE(std::isnan(mask_only.at("location_left")));
  EXPECT_TRUE(std::isnan(mask_only.at("shape_log_head_fraction")));
  EXPECT_DOUBLE_EQ(mask_only.at("shape_sphericity"), alone.at("shape_sphericity"));
}

TEST(LesionDescriptors, OfOneVoxelAndOfALesionThatFillsTheHeadAreDefinedOrNaN) {
  const auto point = describe(make_study(
      [](double x, double y, double z) { return x > 0 && x < 2 && y > 0 && y < 2 && z > 0 && z < 4; }));
  EXPECT_NEAR(point.at("shape_log_volume"), std::log(0.016), 1e-9);
  EXPECT_NEAR(point.at("shape_solidity"), 1, 1e-12);
  EXPECT_TRUE(std::isnan(point.at("flair_texture")));
  const auto full = describe(make_study([](double, double, double) { return true; }));
  EXPECT_TRUE(std::isnan(full.at("flair_mean")));
  EXPECT_TRUE(std::isfinite(full.at("location_depth_mean")));
}

TEST(LesionDescriptors, RefusesWhatItCannotDescribe) {
  const Where lesion = ball(0, 0, 0, 20);
  EXPECT_THAT(failure(make_study([](double, double, double) { return false; })),
              testing::AllOf(testing::HasSubstr("seg.nii"), testing::HasSubstr("mask is empty")));
  Study study = make_study(lesion);
  study.mask.data = study.mask.data.slice(1, 0, 20);
  EXPECT_THAT(failure(study), testing::HasSubstr("grid differs"));
  study = make_study(lesion);
  study.image.channels.clear();
  EXPECT_THAT(failure(study), testing::HasSubstr("a name and a presence"));
  study = make_study(lesion);
  study.image.geometry.direction[0] = -1;
  EXPECT_THAT(failure(study), testing::HasSubstr("orientation: LPS"));
  study = make_study(lesion);
  study.image.data[0][3][4][5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(failure(study), testing::HasSubstr("channel flair has voxels that are not finite"));
}

}  // namespace
}  // namespace photo51::radiomics
