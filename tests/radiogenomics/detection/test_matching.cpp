#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/radiogenomics/detection/boxes.hpp"
#include "photo51/radiogenomics/detection/matching.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

std::vector<int64_t> numbers_of(const at::Tensor& values) {
  const at::Tensor flat = values.contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

TEST(Matching, IsByThresholdsOfTheOverlap) {
  const at::Tensor overlap = at::tensor({0.6F, 0.45F, 0.1F, 0.0F, 0.2F,  //
                                         0.5F, 0.30F, 0.3F, 0.0F, 0.3F})
                                 .view({2, 5});
  MatcherOptions options{.kind = BoxMatcher::iou, .high = 0.5, .low = 0.4, .low_quality = false};
  EXPECT_THAT(numbers_of(match_by_overlap(overlap, options)),
              testing::ElementsAre(0, match_ignored, match_none, match_none, match_none));
  options.low_quality = true;  // box 1 is overlapped most by anchor 0, which learns box 0 all the same
  EXPECT_THAT(numbers_of(match_by_overlap(overlap, options)),
              testing::ElementsAre(0, match_ignored, match_none, match_none, match_none));
  EXPECT_THAT(numbers_of(match_by_overlap(overlap.narrow(1, 2, 3), options)), testing::ElementsAre(1, -1, 1))
      << "both anchors that overlap box 1 most, and that of box 0 among them";
  EXPECT_THAT(numbers_of(match_by_overlap(at::zeros({0, 2}), options)), testing::ElementsAre(-1, -1));
  PHOTO51_EXPECT_ERROR(match_by_overlap(at::zeros({4}), options), usage, testing::HasSubstr("[N, A]"));
}

/// Places 4 voxels apart along x in one row; the candidates of a box are the two nearest.
TEST(Matching, ByAtssIsTheHandComputedAnswer) {
  const Anchors anchors = make_anchors({.sizes = {4}}, {{1, 6}}, {4, 24});
  const MatcherOptions options{.candidates = 2, .every_box = false};
  // x from 5 to 11: overlaps 12 / 28 and 12 / 28 with the anchors from 4 and from 8, mean 3/7, no deviation.
  const at::Tensor box = at::tensor({0.F, 5.F, 4.F, 11.F}).view({1, 4});
  EXPECT_THAT(numbers_of(match_atss(box, anchors, options)), testing::ElementsAre(-1, 0, 0, -1, -1, -1));
  // x from 6 to 11: 8 / 28 and 12 / 24: only the second reaches mean plus deviation, or not even that.
  const at::Tensor aside = at::tensor({0.F, 6.F, 4.F, 11.F}).view({1, 4});
  EXPECT_THAT(numbers_of(match_atss(aside, anchors, options)), testing::Each(-1))
      << "two unequal candidates: the better is below mean + deviation";
  const MatcherOptions wider{.candidates = 6, .every_box = false};
  EXPECT_THAT(numbers_of(match_atss(aside, anchors, wider)), testing::ElementsAre(-1, -1, 0, -1, -1, -1));
  MatcherOptions kept = options;
  kept.every_box = true;
  EXPECT_THAT(numbers_of(match_atss(aside, anchors, kept)), testing::ElementsAre(-1, -1, 0, -1, -1, -1));
}

TEST(Matching, ByAtssWantsTheCentreInside) {
  const Anchors anchors = make_anchors({.sizes = {8}}, {{1, 6}}, {4, 24});   // centres 2, 6, 10, ...
  const at::Tensor small = at::tensor({0.F, 6.5F, 4.F, 9.5F}).view({1, 4});  // with no centre in it
  MatcherOptions options{.candidates = 2, .centre_inside = false, .every_box = false};
  EXPECT_THAT(numbers_of(match_atss(small, anchors, options)), testing::ElementsAre(-1, 0, 0, -1, -1, -1));
  options.centre_inside = true;
  EXPECT_THAT(numbers_of(match_atss(small, anchors, options)), testing::Each(-1));
  options.every_box = true;
  EXPECT_THAT(numbers_of(match_atss(small, anchors, options)), testing::ElementsAre(-1, 0, -1, -1, -1, -1))
      << "of equals the first";
}

/// Both boxes are nearest to the same anchor: it learns the one that it overlaps more, and the other one is
/// left with the next that is free.
TEST(Matching, OfTwoBoxesAnAnchorLearnsTheOneItOverlapsMore) {
  const Anchors anchors = make_anchors({.sizes = {4}}, {{1, 3}}, {4, 12});
  const at::Tensor boxes = at::tensor({0.F, 4.5F, 4.F, 8.5F, 0.F, 4.F, 4.F, 8.F}).view({2, 4});
  MatcherOptions options{.candidates = 1, .every_box = false};
  EXPECT_THAT(numbers_of(match_boxes(boxes, anchors, options)), testing::ElementsAre(-1, 1, -1));
  options.every_box = true;
  EXPECT_THAT(numbers_of(match_boxes(boxes, anchors, options)), testing::ElementsAre(-1, 1, 0));
  EXPECT_THAT(numbers_of(match_boxes(at::zeros({0, 4}), anchors, options)), testing::Each(-1));
  options.kind = BoxMatcher::iou;
  EXPECT_THAT(numbers_of(match_boxes(boxes, anchors, options)), testing::ElementsAre(-1, 1, -1));
}

}  // namespace
}  // namespace photo51::radiogenomics
