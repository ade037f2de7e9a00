#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <chrono>
#include <limits>

#include "photo51/radiogenomics/detection/nms.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

at::Tensor squares_at(const std::vector<float>& corners) {
  std::vector<float> values;
  for (const float at : corners) values.insert(values.end(), {at, 0, at + 10, 10});
  return at::tensor(values).view({-1, 4});
}

TEST(Suppression, KeepsTheBestOfThoseThatOverlap) {
  // Neighbours overlap by 5 / 15; the first and the third by nothing.
  const at::Tensor boxes = squares_at({0, 5, 10, 100}), scores = at::tensor({0.7F, 0.9F, 0.8F, 0.1F});
  const auto kept = [&](double threshold, const at::Tensor& labels = {}, int64_t most = -1) {
    const at::Tensor found = suppress_overlaps(boxes, scores, labels, threshold, most);
    return std::vector<int64_t>(found.const_data_ptr<int64_t>(),
                                found.const_data_ptr<int64_t>() + found.numel());
  };
  EXPECT_THAT(kept(0.3), testing::ElementsAre(1, 3));
  EXPECT_THAT(kept(0.34), testing::ElementsAre(1, 2, 0, 3)) << "as much as the threshold is not more";
  EXPECT_THAT(kept(0.3, at::tensor({0, 1, 0, 0}, at::kLong)), testing::ElementsAre(1, 2, 0, 3))
      << "of another label";
  EXPECT_THAT(kept(0.3, {}, 1), testing::ElementsAre(1));
  EXPECT_EQ(suppress_overlaps(at::zeros({0, 6}), at::zeros({0}), {}, 0.5).size(0), 0);
}

/// The one in the middle goes by the first, so that the last stays, though the middle one would take it.
TEST(Suppression, IsByBoxesThatStay) {
  const at::Tensor kept = suppress_overlaps(squares_at({0, 5, 10}), at::tensor({0.9F, 0.8F, 0.7F}), {}, 0.3);
  EXPECT_TRUE(at::equal(kept, at::tensor({0, 2}, at::kLong)));
}

TEST(Suppression, TakesTheFirstOfEqualScores) {
  const at::Tensor kept = suppress_overlaps(squares_at({50, 0, 1, 51, 2}), at::full({5}, 0.5F), {}, 0.5);
  EXPECT_TRUE(at::equal(kept, at::tensor({0, 1}, at::kLong))) << kept;
}

TEST(Suppression, OfTenThousandBoxesIsQuick) {
  at::manual_seed(5);
  const at::Tensor near = at::rand({10000, 3}) * 200;
  const at::Tensor boxes = at::cat({near, near + 2 + at::rand({10000, 3}) * 30}, 1);
  const auto begin = std::chrono::steady_clock::now();
  const at::Tensor kept = suppress_overlaps(boxes, at::rand({10000}), {}, 0.2);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(kept.size(0), 1000);
  EXPECT_LT(seconds.count(), 10);
}

TEST(Suppression, RefusesWhatDoesNotFit) {
  const at::Tensor boxes = squares_at({0, 5});
  PHOTO51_EXPECT_ERROR(suppress_overlaps(boxes, at::ones({3}), {}, 0.5), usage,
                       HasSubstr("a score for each"));
  PHOTO51_EXPECT_ERROR(suppress_overlaps(boxes, at::ones({2}), at::zeros({1}, at::kLong), 0.5), usage,
                       HasSubstr("a score for each"));
  PHOTO51_EXPECT_ERROR(suppress_overlaps(boxes, at::ones({2}), {}, 1.5), usage,
                       HasSubstr("1.5 is not in 0..1"));
  const at::Tensor nan = at::full({2}, std::numeric_limits<float>::quiet_NaN());
  PHOTO51_EXPECT_ERROR(suppress_overlaps(boxes, nan, {}, 0.5), run, HasSubstr("not finite"));
  PHOTO51_EXPECT_ERROR(suppress_overlaps(boxes / 0, at::ones({2}), {}, 0.5), run, HasSubstr("not finite"));
}

}  // namespace
}  // namespace photo51::radiogenomics
