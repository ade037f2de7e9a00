#include <gtest/gtest.h>

#include <cmath>

#include "photo51/evaluation/froc.hpp"
#include "support/errors.hpp"

namespace photo51::evaluation {
namespace {

using ::testing::HasSubstr;

/// Two images with 3 lesions together.
std::vector<FrocImage> two_images() {
  return {{.lesions = 2,
           .candidates = {{.score = 0.9, .hits = {0}},
                          {.score = 0.8, .hits = {}},
                          {.score = 0.7, .hits = {0}},  // found already: no false positive
                          {.score = 0.3, .hits = {1}}}},
          {.lesions = 1,
           .candidates = {{.score = 0.95, .hits = {}},
                          {.score = 0.99, .hits = {}, .ignored = true},
                          {.score = 0.3, .hits = {}},
                          {.score = 0.2, .hits = {0}}}}};
}

TEST(Froc, CurveByHand) {
  const auto curve = froc_curve(two_images());
  const std::vector<FrocPoint> expected{{INFINITY, 0, 0},  {0.95, 0.5, 0},      {0.9, 0.5, 1.0 / 3},
                                        {0.8, 1, 1.0 / 3}, {0.3, 1.5, 2.0 / 3}, {0.2, 1.5, 1}};
  ASSERT_EQ(curve.size(), expected.size());
  for (size_t i = 0; i < curve.size(); ++i) {
    EXPECT_DOUBLE_EQ(curve[i].threshold, expected[i].threshold);
    EXPECT_DOUBLE_EQ(curve[i].false_positives, expected[i].false_positives);
    EXPECT_DOUBLE_EQ(curve[i].sensitivity, expected[i].sensitivity);
  }
  EXPECT_DOUBLE_EQ(sensitivity_at(curve, 0), 0);
  EXPECT_DOUBLE_EQ(sensitivity_at(curve, 0.25), 0);
  EXPECT_DOUBLE_EQ(sensitivity_at(curve, 0.5), 1.0 / 3);
  EXPECT_DOUBLE_EQ(sensitivity_at(curve, 1.25), 0.5);
  EXPECT_DOUBLE_EQ(sensitivity_at(curve, 4), 1);
  EXPECT_TRUE(std::isnan(sensitivity_at(curve, -1)));
  EXPECT_DOUBLE_EQ(cpm(curve), (0 + 0 + 1.0 / 3 + 1.0 / 3 + 1 + 1 + 1) / 7);
  EXPECT_DOUBLE_EQ(cpm(curve, std::vector<double>{1, 4}), 2.0 / 3);
  EXPECT_TRUE(std::isnan(cpm(curve, std::vector<double>{})));
}

TEST(Froc, OneCandidateMayHitSeveralLesions) {
  const std::vector<FrocImage> images{{.lesions = 3, .candidates = {{.score = 1, .hits = {0, 2}}}}};
  const auto curve = froc_curve(images);
  ASSERT_EQ(curve.size(), 2U);
  EXPECT_DOUBLE_EQ(curve[1].sensitivity, 2.0 / 3);
  EXPECT_EQ(curve[1].false_positives, 0);
}

TEST(Froc, WithoutLesionsIsUndefined) {
  const std::vector<FrocImage> images{{.lesions = 0, .candidates = {{.score = 1, .hits = {}}}}};
  EXPECT_TRUE(froc_curve(images).empty());
  EXPECT_TRUE(froc_curve({}).empty());
  EXPECT_TRUE(std::isnan(sensitivity_at(froc_curve(images), 1)));
  EXPECT_TRUE(std::isnan(cpm(images, {}).value));
  EXPECT_TRUE(std::isnan(cpm(images, {}).interval.low));
}

TEST(Froc, IntervalsResampleImages) {
  std::vector<FrocImage> images;
  for (int i = 0; i < 40; ++i)  // every second image's lesion is found
    images.push_back(
        {.lesions = 1,
         .candidates = {
             {.score = 1, .hits = i % 2 == 0 ? std::vector<int64_t>{0} : std::vector<int64_t>{}}}});
  const FrocEstimate found = sensitivity_at(images, 2, {.samples = 500});
  EXPECT_DOUBLE_EQ(found.value, 0.5);
  // A binomial of 40 draws: 0.5 ± 1.96 * 0.079
  EXPECT_NEAR(found.interval.low, 0.345, 0.03);
  EXPECT_NEAR(found.interval.high, 0.655, 0.03);
  const FrocEstimate mean = cpm(images, {.samples = 200});
  EXPECT_DOUBLE_EQ(mean.value, cpm(froc_curve(images)));
  EXPECT_LT(mean.interval.low, mean.value);
  EXPECT_GT(mean.interval.high, mean.value);
}

TEST(Froc, RefusesHitsOfNoLesionAndScoresThatAreNoNumbers) {
  std::vector<FrocImage> images{{.lesions = 1, .candidates = {{.score = 1, .hits = {1}}}}};
  PHOTO51_EXPECT_ERROR(froc_curve(images), usage, HasSubstr("hits lesion 1 of an image that has 1"));
  images[0].candidates[0] = {.score = NAN, .hits = {}};
  PHOTO51_EXPECT_ERROR(froc_curve(images), usage, HasSubstr("not a number"));
}

}  // namespace
}  // namespace photo51::evaluation
