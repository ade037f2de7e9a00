#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/radiogenomics/detection/merge.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using testing::HasSubstr;

WindowDetections window_of(std::vector<int64_t> corner, std::vector<int64_t> size, const at::Tensor& boxes,
                           const at::Tensor& scores) {
  const at::Tensor labels = at::zeros({boxes.size(0)}, at::kLong);
  return {{boxes, scores, labels}, std::move(corner), std::move(size)};
}
at::Tensor one_box(const std::vector<float>& values) {
  return at::tensor(values).unsqueeze(0);
}

TEST(Merge, WeighsAPlaceByItsDistanceFromTheMiddle) {
  const std::vector<int64_t> corner{10, 20}, size{20, 40};
  EXPECT_NEAR(place_importance(one_box({19, 39, 21, 41}), corner, size).item<double>(), 1, 1e-6);
  // At a border along y: half an edge is 1 / 0.8 widths away.
  EXPECT_NEAR(place_importance(one_box({9, 39, 11, 41}), corner, size).item<double>(),
              (std::exp(-0.5 / 0.64) + 1) / 2, 1e-6);
}

TEST(Merge, ABoxThatEveryWindowFoundKeepsItsScore) {
  const auto found = window_of({0, 0}, {20, 20}, one_box({4, 4, 8, 8}), at::tensor({0.6F}));
  const Detections merged = merge_windows({found, found, found});
  EXPECT_TRUE(at::allclose(merged.boxes, found.found.boxes));
  EXPECT_NEAR(merged.scores.item<double>(), 0.6, 1e-6);
  EXPECT_EQ(merged.boxes.scalar_type(), at::kFloat);
}

TEST(Merge, ABoxThatOneOfFourWindowsFoundCountsAQuarter) {
  const auto found = window_of({0, 0}, {20, 20}, one_box({4, 4, 8, 8}), at::tensor({0.6F}));
  const auto nothing = window_of({0, 0}, {20, 20}, at::zeros({0, 4}), at::zeros({0}));
  const Detections merged = merge_windows({found, nothing, nothing, nothing});
  EXPECT_NEAR(merged.scores.item<double>(), 0.6 / 4, 1e-6);
  // A window elsewhere does not matter; one that covers half of the box counts half.
  const auto elsewhere = window_of({0, 50}, {20, 20}, at::zeros({0, 4}), at::zeros({0}));
  EXPECT_NEAR(merge_windows({found, elsewhere}).scores.item<double>(), 0.6, 1e-6);
  const auto half = window_of({0, 6}, {20, 20}, at::zeros({0, 4}), at::zeros({0}));
  EXPECT_NEAR(merge_windows({found, half}).scores.item<double>(), 0.6 / 1.5, 1e-6);
}

TEST(Merge, BoxesThatWeighNothingCountNothing) {
  const auto flat = window_of({0, 0}, {20, 20}, at::cat({one_box({4, 4, 4, 8}), one_box({9, 9, 12, 12})}),
                              at::tensor({0.6F, 0.F}));
  EXPECT_EQ(merge_windows({flat}).scores.size(0), 0);
  const Detections kept = merge_windows({flat}, {.score_threshold = 0});
  EXPECT_TRUE(at::equal(kept.scores, at::zeros({2})));
  EXPECT_TRUE(kept.boxes.isfinite().all().item<bool>());
}

/// Two boxes about the middles of their windows, 4 x 4 and 4 x 8 with IoU 1 / 2: weights 16 and 16.
TEST(Merge, IsTheHandComputedMean) {
  const auto a = window_of({0, 0}, {20, 20}, one_box({8, 8, 12, 12}), at::tensor({0.8F}));
  const auto b = window_of({0, 2}, {20, 20}, one_box({8, 8, 12, 16}), at::tensor({0.4F}));
  const Detections merged = merge_windows({a, b});
  ASSERT_EQ(merged.scores.size(0), 1);
  EXPECT_NEAR(merged.scores.item<double>(), (0.8 + 0.4) / 2, 1e-6);
  EXPECT_TRUE(at::allclose(merged.boxes, one_box({8, 8, 12, (2 * 12 + 16) / 3.F})));
  EXPECT_EQ(merge_windows({a, b}, {.iou_threshold = 0.6}).scores.size(0), 2) << "of two lesions";

  WindowDetections other = b;
  other.found.labels.fill_(1);
  EXPECT_EQ(merge_windows({a, other}).scores.size(0), 2) << "of two classes";
}

TEST(Merge, BySuppressionKeepsTheBoxNearestToTheMiddle) {
  const auto at_border = window_of({0, 8}, {20, 20}, one_box({8, 8, 12, 12}), at::tensor({0.8F}));
  const auto in_middle = window_of({0, 0}, {20, 20}, one_box({8, 8, 12, 13}), at::tensor({0.7F}));
  const Detections merged = merge_windows({at_border, in_middle}, {.kind = MergeKind::nms});
  EXPECT_TRUE(at::allclose(merged.boxes, in_middle.found.boxes));
  EXPECT_NEAR(merged.scores.item<double>(), 0.7, 1e-6) << "as it was said";
}

TEST(Merge, LeavesOutLowScoresAndTooMany) {
  const auto two = window_of({0, 0}, {20, 20}, at::cat({one_box({0, 0, 4, 4}), one_box({10, 10, 14, 14})}),
                             at::tensor({0.3F, 0.5F}));
  const Detections merged = merge_windows({two});
  EXPECT_TRUE(at::allclose(merged.scores, at::tensor({0.5F, 0.3F})));
  EXPECT_EQ(merge_windows({two}, {.score_threshold = 0.4}).scores.size(0), 1);
  EXPECT_EQ(merge_windows({two}, {.detections = 1}).scores.size(0), 1);
  const auto nothing = window_of({0, 0, 0}, {20, 20, 20}, at::zeros({0, 6}), at::zeros({0}));
  EXPECT_EQ(merge_windows({nothing}).boxes.sizes(), (at::IntArrayRef{0, 6}));
}

TEST(Merge, RefusesWhatDoesNotFit) {
  const auto fits = window_of({0, 0}, {20, 20}, one_box({4, 4, 8, 8}), at::tensor({0.6F}));
  PHOTO51_EXPECT_ERROR(merge_windows({}), usage, HasSubstr("at least one window"));
  PHOTO51_EXPECT_ERROR(merge_windows({fits, window_of({0}, {20, 20}, fits.found.boxes, fits.found.scores)}),
                       usage, HasSubstr("axes of the first window's boxes, 2"));
  PHOTO51_EXPECT_ERROR(merge_windows({window_of({0, 0}, {20, 0}, fits.found.boxes, fits.found.scores)}),
                       usage, HasSubstr("no extent"));
}

}  // namespace
}  // namespace photo51::radiogenomics
