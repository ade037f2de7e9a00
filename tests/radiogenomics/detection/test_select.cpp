#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/radiogenomics/detection/select.hpp"

namespace photo51::radiogenomics {
namespace {

/// Two levels of an image of 8 x 16 voxels: two places of 8 x 8 anchors, and one of 16 x 16.
struct SaidOfOneImage {
  DetectionOutputs outputs;
  SelectOptions options;

  explicit SaidOfOneImage(const std::vector<float>& logits) {
    outputs.anchors = make_anchors({.sizes = {8, 16}}, {{1, 2}, {1, 1}}, {8, 16});
    outputs.logits = at::tensor(logits).view({1, 3, -1});
    outputs.deltas = at::zeros({1, 3, 4});
  }
  Detections selected() const { return select_detections(outputs, {8, 16}, options)[0]; }
};

TEST(Select, CutsToTheImageAndSorts) {
  const Detections found = SaidOfOneImage({0.F, -9.F, 2.F}).selected();
  // The coarse anchor is y -4..12, x 0..16, cut to the image.
  EXPECT_TRUE(at::equal(found.boxes, at::tensor({0.F, 0.F, 8.F, 16.F, 0.F, 0.F, 8.F, 8.F}).view({2, 4})))
      << found.boxes;
  EXPECT_NEAR(found.scores[0].item<double>(), 1 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_NEAR(found.scores[1].item<double>(), 0.5, 1e-6);
  EXPECT_TRUE(at::equal(found.labels, at::zeros({2}, at::kLong)));
}

TEST(Select, TellsClassesApart) {
  SaidOfOneImage said({1.F, 2.F, -9.F, -9.F, -9.F, -9.F});
  const Detections found = said.selected();
  EXPECT_TRUE(at::equal(found.labels, at::tensor({1, 0}, at::kLong))) << "one place, two classes";
  EXPECT_TRUE(at::equal(found.boxes[0], found.boxes[1]));
  said.options.detections = 1;
  EXPECT_TRUE(at::equal(said.selected().labels, at::tensor({1}, at::kLong)));
}

TEST(Select, HoldsItsLimits) {
  SaidOfOneImage said({0.F, 1.F, 2.F});
  EXPECT_EQ(said.selected().boxes.size(0), 3) << "each fine box overlaps the coarse one by a half, not more";
  said.options.candidates = 1;
  EXPECT_EQ(said.selected().boxes.size(0), 2) << "one a level";
  said.options = {.iou_threshold = 0.4};
  EXPECT_EQ(said.selected().boxes.size(0), 1);
  said.options = {.score_threshold = 0.5};
  EXPECT_EQ(said.selected().boxes.size(0), 2) << "a score has to exceed it";
  said.options = {.least_edge = 9};
  EXPECT_EQ(said.selected().boxes.size(0), 0);
  said.options = {.score_threshold = 0.99};
  const Detections none = said.selected();
  EXPECT_EQ(none.boxes.sizes(), (at::IntArrayRef{0, 4}));
  EXPECT_EQ(none.labels.scalar_type(), at::kLong);
}

TEST(Select, TakesWhatWasSaidInAShortType) {
  SaidOfOneImage said({0.F, -9.F, 2.F});
  said.outputs.logits = said.outputs.logits.to(at::kBFloat16);
  said.outputs.deltas = said.outputs.deltas.to(at::kBFloat16);
  EXPECT_EQ(said.selected().boxes.scalar_type(), at::kFloat);
  EXPECT_EQ(said.selected().boxes.size(0), 2);
}

}  // namespace
}  // namespace photo51::radiogenomics
