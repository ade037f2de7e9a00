#include <gtest/gtest.h>

#include <limits>

#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "support/errors.hpp"

namespace photo51::preprocess {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

imaging::Volume cube(float value, int64_t n = 4) {
  return test::volume(at::full({n, n, n}, value));
}

PreprocessOptions cropping(CropAround around) {
  PreprocessOptions options;
  options.crop.around = around;
  return options;
}

TEST(PrepareErrors, NothingPresent) {
  PHOTO51_EXPECT_ERROR(prepare({std::nullopt, std::nullopt}, {}, true, {}), data,
                       HasSubstr("every channel and the mask are absent"));
}

TEST(PrepareErrors, NanNamesTheChannelTheFileAndTheCount) {
  auto broken = cube(1);
  broken.data[0][1][2][3] = std::numeric_limits<float>::quiet_NaN();
  broken.data[0][0][0][0] = std::numeric_limits<float>::infinity();
  broken.source = "flair.nii.gz";
  PHOTO51_EXPECT_ERROR(prepare({cube(1), broken}, {}, false, {}, nullptr, {"t1c", "flair"}), data,
                       HasSubstr("channel flair (flair.nii.gz): 2 of 64 voxels are NaN or infinite"));
  PHOTO51_EXPECT_ERROR(prepare({cube(1), broken}, {}, false, {}), data, HasSubstr("channel 1 (flair"));
  broken.channels = {"FLAIR"};
  PHOTO51_EXPECT_ERROR(prepare({broken}, {}, false, {}), data, HasSubstr("channel FLAIR"));
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, broken, true, {}), data, HasSubstr("mask (flair.nii.gz): 2 of 64"));
}

TEST(PrepareErrors, SeveralChannelsInOneVolume) {
  PHOTO51_EXPECT_ERROR(prepare({test::volume(at::ones({3, 2, 2, 2}))}, {}, false, {}), data,
                       HasSubstr("3 channels in one volume"));
}

TEST(PrepareErrors, VolumeWithoutVoxels) {
  PHOTO51_EXPECT_ERROR(prepare({imaging::Volume{}}, {}, false, {}), data, HasSubstr("holds no voxels"));
}

TEST(PrepareErrors, CropAroundAMaskThatIsMissingEmptyOrElsewhere) {
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, {}, false, cropping(CropAround::mask)), data,
                       HasSubstr("has no mask"));
  auto empty = cube(0);
  empty.source = "seg.nii.gz";
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, empty, false, cropping(CropAround::mask)), data,
                       AllOf(HasSubstr("mask (seg.nii.gz) is empty"), HasSubstr("crop around mask")));
  auto elsewhere = cube(1);
  elsewhere.geometry.origin = {500, 0, 0};
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, elsewhere, false, cropping(CropAround::mask)), data,
                       HasSubstr("wholly outside the image"));
}

TEST(PrepareErrors, CropAroundForegroundOfADarkImage) {
  PHOTO51_EXPECT_ERROR(prepare({cube(-3)}, {}, false, cropping(CropAround::foreground)), data,
                       HasSubstr("no voxel is above the threshold"));
}

TEST(PrepareErrors, NormaliseByAMissingMaskNamesTheChannel) {
  PreprocessOptions options;
  options.normalize.method = NormalizeMethod::zscore;
  options.normalize.region = NormalizeRegion::mask;
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, {}, false, options, nullptr, {"ct"}), data,
                       HasSubstr("channel ct: normalize region is mask"));
}

TEST(PrepareErrors, ImpossibleGeometryAndSize) {
  auto flat = cube(1);
  flat.geometry.direction = {1, 1, 0, 0, 0, 0, 0, 0, 1};
  PreprocessOptions options;
  options.orientation = "none";
  PHOTO51_EXPECT_ERROR(prepare({flat}, {}, false, options), data, HasSubstr("flattens space"));
  options = {};
  options.spacing = {0.001, 0.001, 0.001};
  PHOTO51_EXPECT_ERROR(prepare({cube(1, 8)}, {}, false, options), usage,
                       HasSubstr("7001 x 7001 x 7001 voxels"));
  options = {};
  options.orientation = "ABC";
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, {}, false, options), usage, HasSubstr("`ABC`"));
}

TEST(PrepareErrors, ABlankMaskIsSaidAndRefusedWhereItIsNeeded) {
  auto blank = cube(0);
  blank.source = "seg.nii.gz";
  const auto empty = prepare({cube(1)}, blank, true, {});
  ASSERT_EQ(empty.warnings.size(), 1U);
  EXPECT_EQ(empty.warnings[0].channel, -1);
  EXPECT_THAT(empty.warnings[0].text, HasSubstr("the mask is empty"));
  auto elsewhere = cube(1);
  elsewhere.geometry.origin = {100, 0, 0};
  const auto outside = prepare({cube(1)}, elsewhere, true, {});
  ASSERT_EQ(outside.warnings.size(), 1U);
  EXPECT_THAT(outside.warnings[0].text, HasSubstr("none of the mask's voxels lies in the prepared image"));
  PreprocessOptions options;
  options.normalize.method = NormalizeMethod::zscore;
  options.normalize.region = NormalizeRegion::mask;
  PHOTO51_EXPECT_ERROR(prepare({cube(1)}, blank, true, options), data,
                       ::testing::AllOf(HasSubstr("mask (seg.nii.gz)"), HasSubstr("no voxel")));
  // A constant image names its channel.
  options.normalize.region = NormalizeRegion::automatic;
  const auto constant = prepare({std::nullopt, cube(1)}, {}, false, options);
  ASSERT_EQ(constant.warnings.size(), 1U);
  EXPECT_EQ(constant.warnings[0].channel, 1);
  EXPECT_THAT(constant.warnings[0].text, HasSubstr("holds one value, 1"));
}

}  // namespace
}  // namespace photo51::preprocess
