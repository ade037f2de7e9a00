/// Detection beside torchvision (2D) and MONAI (3D), whose half stands in detection.py. Their boxes are
/// compared as they are where the order of the axes is all one; torchvision's x and y are exchanged
/// elsewhere.

#include <torch/nn/module.h>

#include <cmath>

#include "parity/peer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/detection/box_coding.hpp"
#include "photo51/radiogenomics/detection/boxes.hpp"
#include "photo51/radiogenomics/detection/detection_head.hpp"
#include "photo51/radiogenomics/detection/detection_loss.hpp"
#include "photo51/radiogenomics/detection/hard_negatives.hpp"
#include "photo51/radiogenomics/detection/losses.hpp"
#include "photo51/radiogenomics/detection/matching.hpp"
#include "photo51/radiogenomics/detection/merge.hpp"
#include "photo51/radiogenomics/detection/nms.hpp"
#include "photo51/radiogenomics/detection/select.hpp"
#include "support/shared_data.hpp"

namespace photo51::radiogenomics {
namespace {

class Detection : public test::PeerSuite<Detection> {
 public:
  static constexpr const char* kScript = "detection.py";

 protected:
  nn::Tensors answer(std::vector<std::string> request) const {
    request.push_back(folder_.path().string());
    const auto said = peer_->ask(request);
    EXPECT_TRUE(said);
    if (!said) return {};
    return nn::read_safetensors(folder_ / "values.safetensors").tensors;
  }
  test::TemporaryFolder folder_;
};

double off_by(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return std::numeric_limits<double>::infinity();
  if (ours.numel() == 0) return 0;
  const double largest = theirs.abs().max().item<double>();
  return (ours.to(at::kDouble) - theirs.to(at::kDouble)).abs().max().item<double>() /
         std::max(largest, 1e-12);
}

at::Tensor exchanged(const at::Tensor& boxes) {
  return boxes.index_select(-1, at::tensor({1, 0, 3, 2}, at::kLong));
}

AnchorOptions torchvision_options() {
  return {.sizes = {8, 16},
          .scales = {1, 1.5},
          .aspect_ratios = {2, 1, 0.5},
          .centre = AnchorCentre::corner,
          .rounded = true};
}
AnchorOptions monai_options(int64_t dims) {
  return {
      .sizes = {8, 16},
      .scales = {1, 1.5},
      .aspect_ratios = dims == 3 ? std::vector<double>{1, 1, 0.5, 2, 1, 0.5} : std::vector<double>{1, 0.5},
      .centre = AnchorCentre::middle_voxel,
      .rounded = true};
}
Anchors anchors_of(const AnchorOptions& options, int64_t dims) {
  return dims == 2 ? make_anchors(options, {{8, 12}, {4, 6}}, {64, 96})
                   : make_anchors(options, {{8, 16, 12}, {4, 8, 6}}, {16, 32, 24});
}

TEST_F(Detection, AnchorsAreTheirs) {
  EXPECT_TRUE(at::equal(anchors_of(torchvision_options(), 2).boxes,
                        exchanged(answer({"anchors", "torchvision"}).at("boxes"))));
  EXPECT_TRUE(at::equal(anchors_of(monai_options(3), 3).boxes, answer({"anchors", "MONAI"}).at("boxes")));
}

TEST_F(Detection, BoxesCodingAndSuppressionAreTheirs) {
  for (const std::string axes : {"2", "3"}) {
    SCOPED_TRACE(axes);
    const nn::Tensors said = answer({"boxes", axes});
    const at::Tensor &a = said.at("a"), &b = said.at("b");
    EXPECT_LE(off_by(box_iou(a, b), said.at("iou")), 2e-6);
    EXPECT_LE(off_by(box_giou(a, b), said.at("giou")), 2e-6);
    const BoxCodingOptions coding{.weights = axes == "2" ? std::vector<double>{10, 10, 5, 5}
                                                         : std::vector<double>{10, 10, 10, 5, 5, 5}};
    EXPECT_LE(off_by(encode_boxes(a.slice(0, 0, 40), b, coding), said.at("deltas")), 2e-6);
    EXPECT_LE(off_by(decode_boxes(said.at("codes"), b, coding), said.at("decoded")), 2e-6);
    EXPECT_TRUE(at::equal(suppress_overlaps(a, said.at("scores"), said.at("labels"), 0.3), said.at("kept")));
  }
}

TEST_F(Detection, MatchesAreTheirs) {
  for (const int64_t dims : {2, 3}) {
    SCOPED_TRACE(dims);
    const nn::Tensors said = answer({"matching", std::to_string(dims)});
    const Anchors anchors = anchors_of(monai_options(dims), dims);
    ASSERT_TRUE(at::equal(anchors.boxes, said.at("anchors")));
    const at::Tensor& boxes = said.at("boxes");
    MatcherOptions options{.centre_inside = false, .every_box = false};
    const auto positives = [](const at::Tensor& matches) { return (matches >= 0).sum().item<int64_t>(); };
    EXPECT_TRUE(at::equal(match_atss(boxes, anchors, options), said.at("atss")));
    EXPECT_GT(positives(said.at("atss")), 6);
    options.centre_inside = true;
    EXPECT_TRUE(at::equal(match_atss(boxes, anchors, options), said.at("inside")));
    if (dims == 3) continue;
    const at::Tensor overlap = box_iou(boxes, anchors.boxes);
    options.low_quality = false;
    EXPECT_TRUE(at::equal(match_by_overlap(overlap, options), said.at("iou")));
    options.low_quality = true;
    EXPECT_TRUE(at::equal(match_by_overlap(overlap, options), said.at("low_quality")));
    EXPECT_GT(positives(said.at("low_quality")), positives(said.at("iou")));
  }
}

TEST_F(Detection, LossesAreTorchvisions) {
  const nn::Tensors said = answer({"losses"});
  EXPECT_LE(off_by(sigmoid_focal_loss(said.at("logits"), said.at("hits"), 0.3, 1.5), said.at("focal")),
            1e-12);
  DetectionOptions options;
  options.matcher.kind = BoxMatcher::iou;
  options.loss.beta = 1;
  DetectionOutputs outputs{said.at("logits").clone().requires_grad_(),
                           said.at("deltas").clone().requires_grad_(),
                           {said.at("anchors"), {96, 24}, 6}};
  const std::vector<BoxTargets> targets{{said.at("targets0"), said.at("labels0")},
                                        {said.at("targets1"), said.at("labels1")}};
  const std::vector<std::pair<std::string, BoxLoss>> kinds{
      {"l1", BoxLoss::l1}, {"smooth_l1", BoxLoss::smooth_l1}, {"giou", BoxLoss::giou}};
  for (const auto& [name, kind] : kinds) {
    SCOPED_TRACE(name);
    options.loss.boxes = kind;
    const DetectionLosses losses = detection_loss(outputs, targets, options);
    // torchvision adds 1e-7 to what GIoU divides by.
    const double tolerance = kind == BoxLoss::giou ? 1e-7 : 1e-9;
    EXPECT_LE(off_by(losses.classes.unsqueeze(0), said.at(name + ".classes")), 1e-9);
    EXPECT_LE(off_by(losses.boxes.unsqueeze(0), said.at(name + ".boxes")), tolerance);
    for (at::Tensor* leaf : {&outputs.logits, &outputs.deltas}) leaf->mutable_grad().reset();
    losses.total().backward();
    EXPECT_LE(off_by(outputs.logits.grad(), said.at(name + ".by_logits")), 1e-9);
    EXPECT_LE(off_by(outputs.deltas.grad(), said.at(name + ".by_deltas")), 10 * tolerance);
  }
}

TEST_F(Detection, HardNegativesAreMonais) {
  const nn::Tensors said = answer({"hard_negatives"});
  core::Random random({1});
  const at::Tensor rows = sample_hard_negatives(
      said.at("matches"), said.at("scores"),
      {.anchors = 32, .positive_fraction = 0.25, .least_negatives = 1, .pool = 1}, random);
  const at::Tensor negative = said.at("matches").index_select(0, rows) == match_none;
  EXPECT_TRUE(at::equal(rows.masked_select(negative), said.at("negatives")));
  EXPECT_EQ(rows.size(0), 3 + 9);
}

TEST_F(Detection, WhatIsSelectedIsTheirs) {
  for (const std::string library : {"torchvision", "MONAI"}) {
    SCOPED_TRACE(library);
    const nn::Tensors said = answer({"select", library});
    const bool plane = library == "torchvision";
    Anchors anchors = plane ? anchors_of(torchvision_options(), 2) : anchors_of(monai_options(3), 3);
    anchors.boxes = said.at("anchors");
    const SelectOptions options{.score_threshold = 0.05,
                                .candidates = 100,
                                .iou_threshold = 0.3,
                                .detections = 30,
                                .least_edge = plane ? 0.0 : 1.0};
    // torchvision cuts x to the width and y to the height, and has x first.
    const std::vector<int64_t> size = plane ? std::vector<int64_t>{96, 64} : std::vector<int64_t>{16, 32, 24};
    const Detections found = select_detections(
        {said.at("logits").unsqueeze(0), said.at("deltas").unsqueeze(0), anchors}, size, options)[0];
    ASSERT_EQ(found.boxes.size(0), 30);
    EXPECT_LE(off_by(found.boxes, said.at("boxes")), 2e-6);
    EXPECT_LE(off_by(found.scores, said.at("scores")), 2e-6);
    EXPECT_TRUE(at::equal(found.labels, said.at("labels")));
  }
}

void expect_their_head(const DetectionOptions& options, int64_t dims, const std::filesystem::path& weights,
                       const nn::Tensors& said, const std::string& library) {
  DetectionHead head(options, {.dims = dims, .widths = {3, 5}, .classes = 3});
  head.to(at::kDouble);
  EXPECT_EQ(nn::load_pretrained(head, weights, head.dialects()).library, library);
  backbones::Features found;
  for (const char* stage : {"stage0", "stage1"})
    found.stages.push_back(said.at(stage).clone().requires_grad_());
  const std::vector<int64_t> size =
      dims == 2 ? std::vector<int64_t>{44, 64} : std::vector<int64_t>{20, 44, 32};
  const DetectionOutputs outputs = head.forward(found, size);
  EXPECT_LE(off_by(outputs.logits, said.at("logits")), 1e-9);
  const auto own = [&](const at::Tensor& theirs) { return dims == 2 ? exchanged(theirs) : theirs; };
  EXPECT_LE(off_by(outputs.deltas, own(said.at("deltas"))), 1e-9);
  ((outputs.logits * said.at("probe_logits")).sum() + (outputs.deltas * own(said.at("probe_deltas"))).sum())
      .backward();
  for (size_t i = 0; i < 2; ++i)
    EXPECT_LE(off_by(found.stages[i].grad(), said.at("gradient" + std::to_string(i))), 1e-9) << i;
  const auto dialects = head.dialects();
  for (const nn::Dialect& dialect : dialects) {
    if (dialect.library != library) continue;
    const nn::Tensors theirs = nn::read_safetensors(weights).tensors;
    const nn::Tensors back = nn::translate_back(nn::state_of(head), dialect);
    ASSERT_EQ(back.size(), theirs.size());
    for (const auto& [name, values] : theirs) EXPECT_TRUE(at::equal(back.at(name), values)) << name;
  }
}

TEST_F(Detection, TheHeadIsTheirs) {
  DetectionOptions options;
  options.pyramid = {.channels = 16, .stages = {}, .extra = ExtraLevels::convs};
  options.anchors = {.sizes = {8, 16, 32, 64}, .scales = {1, 1.5}, .aspect_ratios = {2, 1, 0.5}};
  options.norm = "none";
  const auto weights = folder_ / "weights.safetensors";
  nn::Tensors said = answer({"head", "torchvision", "none", "new"});
  expect_their_head(options, 2, weights, said, "torchvision");
  said = answer({"head", "torchvision", "none", "old"});
  expect_their_head(options, 2, weights, said, "torchvision before 0.13");
  options.norm = "group";
  options.bias = false;
  options.pyramid.extra = ExtraLevels::convs_of_stage;
  said = answer({"head", "torchvision", "group", "new"});
  expect_their_head(options, 2, weights, said, "torchvision");
  options.bias = true;
  options.pyramid.extra = ExtraLevels::max_pool;
  options.anchors = {.sizes = {8, 16, 32}, .scales = {1, 1.5}, .aspect_ratios = {1, 1, 0.5, 2, 1, 0.5}};
  said = answer({"head", "MONAI", "group", "new"});
  expect_their_head(options, 3, weights, said, "MONAI");
}

TEST_F(Detection, ClustersAreThePapers) {
  const nn::Tensors said = answer({"merge"});
  std::vector<WindowDetections> windows;
  for (int64_t w = 0; w < said.at("corners").size(0); ++w) {
    const at::Tensor rows = (said.at("window") == w).nonzero().squeeze(1);
    WindowDetections& window = windows.emplace_back();
    window.found = {said.at("boxes").index_select(0, rows), said.at("scores").index_select(0, rows),
                    at::zeros({rows.size(0)}, at::kLong)};
    for (int64_t axis = 0; axis < 3; ++axis) {
      window.corner.push_back(said.at("corners")[w][axis].item<int64_t>());
      window.size.push_back(said.at("size")[axis].item<int64_t>());
    }
  }
  const Detections merged =
      merge_windows(windows, {.iou_threshold = 0.2, .score_threshold = 0, .detections = 1000});
  EXPECT_GT(merged.scores.size(0), 20);
  EXPECT_LT(merged.scores.size(0), said.at("scores").size(0));
  EXPECT_LE(off_by(merged.scores, said.at("merged_scores")), 1e-6);
  EXPECT_LE(off_by(merged.boxes, said.at("merged")), 1e-6);
}

}  // namespace
}  // namespace photo51::radiogenomics
