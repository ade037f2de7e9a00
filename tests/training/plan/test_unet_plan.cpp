/// Expected numbers are those that the planner of nnU-Net 2.8.1 gives for the same grids; tests/parity has it
/// plan cohorts of files.
#include "photo51/training/plan/unet_plan.hpp"

#include "support/errors.hpp"

namespace photo51::training {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Sizes = std::vector<int64_t>;

std::vector<CaseGrid> brains() {
  std::vector<CaseGrid> grids;
  for (int64_t i = 0; i < 5; ++i) grids.push_back({{1, 1, 1}, {140 + 2 * i, 171, 138}});
  return grids;
}
std::vector<CaseGrid> prostates() {
  return {{{3.6, .625, .625}, {20, 320, 320}},
          {{3.0, .6, .6}, {18, 320, 320}},
          {{4, .625, .625}, {24, 384, 384}}};
}

TEST(UnetPlan, IsotropicImagesShrinkUntilTwoPatchesFit) {
  const UnetPlan plan = plan_unet(brains(), {.classes = 4, .cases = 484});
  EXPECT_THAT(plan.axes, ElementsAre(0, 1, 2));
  EXPECT_THAT(plan.spacing, ElementsAre(1, 1, 1));
  EXPECT_THAT(plan.median_size, ElementsAre(144, 171, 138));
  EXPECT_THAT(plan.patch, ElementsAre(128, 128, 128));
  EXPECT_EQ(plan.batch_size, 2);
  EXPECT_THAT(plan.features, ElementsAre(32, 64, 128, 256, 320, 320));
  EXPECT_EQ(plan.strides,
            (std::vector<Sizes>{{1, 1, 1}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}, {2, 2, 2}}));
  EXPECT_FALSE(plan.resampled_to_10th);
  EXPECT_LE(plan.feature_maps, plan.allowed_maps);
}

TEST(UnetPlan, LessMemoryMakesASmallerPatch) {
  const UnetPlan plan = plan_unet(brains(), {.classes = 4, .memory_gb = 2, .cases = 484});
  EXPECT_THAT(plan.patch, ElementsAre(80, 96, 80));
  EXPECT_EQ(plan.strides.size(), 5U);
  EXPECT_EQ(plan.batch_size, 2);
}

TEST(UnetPlan, SmallImagesMakeALargerBatch) {
  const std::vector<CaseGrid> grids{{{1, 1, 1}, {36, 50, 35}},
                                    {{1, 1, 1}, {36, 49, 36}},
                                    {{1, 1, 1}, {35, 51, 34}},
                                    {{1, 1, 1}, {37, 50, 35}}};
  const UnetPlan plan = plan_unet(grids, {.classes = 3, .cases = 260});
  EXPECT_THAT(plan.patch, ElementsAre(40, 56, 40));
  EXPECT_EQ(plan.batch_size, 9);
  const UnetPlan flat = plan_unet(grids, {.dims = 2, .classes = 3, .cases = 260});
  EXPECT_THAT(flat.patch, ElementsAre(56, 40));
  EXPECT_EQ(flat.batch_size, 366) << "5 % of the cohort would be more";
}

TEST(UnetPlan, CoarseSlicesArePooledLaterAndSeenByFlatKernels) {
  const UnetPlan plan = plan_unet(prostates(), {.classes = 3, .cases = 32});
  EXPECT_TRUE(plan.resampled_to_10th);
  EXPECT_THAT(plan.spacing, ElementsAre(DoubleNear(3.12, 1e-12), .625, .625)) << "the 10th percentile";
  EXPECT_THAT(plan.median_size, ElementsAre(23, 320, 320));
  EXPECT_THAT(plan.patch, ElementsAre(20, 320, 256));
  EXPECT_EQ(plan.strides, (std::vector<Sizes>{
                              {1, 1, 1}, {1, 2, 2}, {1, 2, 2}, {2, 2, 2}, {2, 2, 2}, {1, 2, 2}, {1, 2, 2}}));
  EXPECT_EQ(plan.kernels, (std::vector<Sizes>{
                              {1, 3, 3}, {1, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}, {3, 3, 3}}));
  EXPECT_EQ(plan.batch_size, 2);
}

TEST(UnetPlan, TheCoarsestAxisComesFirst) {
  const std::vector<CaseGrid> grids{{{.7, .7, 5}, {300, 300, 22}},
                                    {{.7, .7, 4}, {310, 300, 24}},
                                    {{.8, .8, 6}, {290, 300, 20}},
                                    {{.7, .7, 5.5}, {305, 300, 22}}};
  const UnetPlan plan = plan_unet(grids, {.cases = 80});
  EXPECT_THAT(plan.axes, ElementsAre(2, 0, 1));
  EXPECT_THAT(plan.spacing, ElementsAre(DoubleNear(4.3, 1e-12), .7, .7));
  EXPECT_THAT(plan.median_size, ElementsAre(27, 307.5, 300));
  EXPECT_THAT(plan.patch, ElementsAre(28, 256, 256));
  EXPECT_THAT(by_zyx(plan, plan.patch, int64_t{1}), ElementsAre(256, 256, 28));
  const UnetPlan flat = plan_unet(grids, {.dims = 2, .cases = 80});
  EXPECT_THAT(flat.axes, ElementsAre(0, 1));
  EXPECT_THAT(flat.patch, ElementsAre(320, 320));
  EXPECT_EQ(flat.batch_size, 32);
  EXPECT_EQ(flat.features.back(), 512);
  EXPECT_THAT(by_zyx(flat, flat.patch, int64_t{1}), ElementsAre(320, 320, 1));
}

TEST(UnetPlan, FewThickSlicesGetTheFinerOfTheirSpacings) {
  std::vector<CaseGrid> grids(7, {{10, 1.5, 1.5}, {10, 220, 250}});
  grids.insert(grids.end(), 3, {{5, 1.5, 1.5}, {10, 220, 250}});
  const UnetPlan plan = plan_unet(grids, {.classes = 4, .cases = 200});
  EXPECT_THAT(plan.spacing, ElementsAre(5, 1.5, 1.5));
  EXPECT_THAT(plan.patch, ElementsAre(20, 224, 256));
  EXPECT_EQ(plan.batch_size, 4);
}

/// One level below a map of 8 x 8: 2 convolutions and what comes back of 64 voxels, and 2 of 16 below.
TEST(UnetPlan, CountsTheFeatureMaps) {
  EXPECT_EQ(feature_maps_of({8, 8}, {{1, 1}, {2, 2}}, {32, 64}, 2), 5 * 64 * 32 + 2 * 16 * 64 + 64 * 2);
  EXPECT_EQ(feature_maps_of({8, 8}, {{1, 1}}, {32}, 2), 2 * 64 * 32);
}

TEST(UnetPlan, NamesWhatCannotBePlanned) {
  PHOTO51_EXPECT_ERROR(plan_unet({}, {}), usage, HasSubstr("no image"));
  PHOTO51_EXPECT_ERROR(plan_unet({{{0, 1, 1}, {8, 8, 8}}}, {}), usage,
                       HasSubstr("sizes and spacings are above 0"));
  PHOTO51_EXPECT_ERROR(plan_unet({{{1, 1, 1}, {8, 0, 8}}}, {}), usage,
                       HasSubstr("sizes and spacings are above 0"));
  PHOTO51_EXPECT_ERROR(plan_unet({{{5, 1, 1}, {1, 64, 64}}}, {}), usage, HasSubstr("plan in 2 dimensions"));
  PHOTO51_EXPECT_ERROR(plan_unet(brains(), {.dims = 4}), usage, HasSubstr("2 or 3 dimensions, not 4"));
  PHOTO51_EXPECT_ERROR(plan_unet(brains(), {.memory_gb = 0.0001}), usage,
                       HasSubstr("not even the smallest patch fits into 1e-04 GB"));
}

}  // namespace
}  // namespace photo51::training
