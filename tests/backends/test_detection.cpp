/// The detection head: pyramid and towers on every device and in every precision, and what it learns of
/// boxes.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "backends/agree.hpp"
#include "photo51/radiogenomics/detection/detection_head.hpp"
#include "support/second_device.hpp"

namespace photo51::test {
namespace {

using namespace radiogenomics;

DetectionOptions options_of(const std::string& norm, ExtraLevels extra) {
  DetectionOptions options;
  options.pyramid = {.channels = 8, .stages = {}, .extra = extra};
  options.anchors.sizes =
      extra == ExtraLevels::max_pool ? std::vector<double>{4, 8, 16} : std::vector<double>{4, 8, 16, 32};
  options.convolutions = 2;
  options.norm = norm;
  return options;
}

BackendCase head_case(const std::string& variant, int64_t dims, const DetectionOptions& options) {
  const Shapes stages =
      dims == 2 ? Shapes{{2, 3, 8, 12}, {2, 5, 4, 6}} : Shapes{{2, 3, 4, 8, 6}, {2, 5, 2, 4, 3}};
  return case_of(
      "detection_head", variant, stages,
      [=] {
        return std::make_shared<DetectionHead>(
            options, DetectionHead::Shape{.dims = dims, .widths = {3, 5}, .classes = 2});
      },
      [dims](DetectionHead& head, const Tensors& in) {
        backbones::Features found;
        found.stages = in;
        const std::vector<int64_t> size =
            dims == 2 ? std::vector<int64_t>{16, 24} : std::vector<int64_t>{8, 16, 12};
        const DetectionOutputs said = head.forward(found, size);
        return Tensors{said.logits, said.deltas};
      });
}

class DetectionHeads : public testing::TestWithParam<BackendCase> {};
TEST_P(DetectionHeads, AgreesEverywhere) {
  EXPECT_TRUE(agrees_everywhere(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(All, DetectionHeads,
                         testing::Values(head_case("2d", 2, options_of("group", ExtraLevels::max_pool)),
                                         head_case("3d", 3, options_of("group", ExtraLevels::convs)),
                                         head_case("3d plain", 3,
                                                   options_of("none", ExtraLevels::convs_of_stage)),
                                         head_case("2d batch", 2, options_of("batch", ExtraLevels::convs))));

/// Anchors, matching and losses follow the head to its device; boxes come from the host and go back there.
TEST(Detection, LearnsAndDetectsOnASecondDevice) {
  for (const bool sampled : {false, true}) {
    DetectionOptions options = options_of("group", ExtraLevels::convs);
    options.prior = 0.1;  // so that there is something to select
    if (sampled) {
      options.loss.classes = ClassLoss::cross_entropy;
      options.loss.hard_negatives = HardNegativeOptions{.anchors = 8, .positive_fraction = 0.5, .pool = 1};
      options.loss.boxes = BoxLoss::giou;
    }
    const std::vector<BoxTargets> targets{
        {at::tensor({2.F, 3.F, 9.F, 11.F}).view({1, 4}), at::ones({1}, at::kLong)},
        {at::zeros({0, 4}), at::zeros({0}, at::kLong)}};
    std::vector<double> losses;
    std::vector<int64_t> found;
    for (const at::Device device : {at::Device(at::kCPU), second_device()}) {
      at::manual_seed(12);
      DetectionHead head(options, {.dims = 2, .widths = {3, 5}, .classes = 2});
      backbones::Features features;
      features.stages = {at::randn({2, 3, 8, 12}).to(device), at::randn({2, 5, 4, 6}).to(device)};
      head.to(device);
      const DetectionOutputs said = head.forward(features, {16, 24});
      EXPECT_EQ(said.anchors.boxes.device(), device);
      const at::Tensor loss = head.loss(said, targets).total();
      EXPECT_EQ(loss.device(), device);
      losses.push_back(loss.item<double>());
      const auto detected = head.detect(said, {16, 24});
      ASSERT_EQ(detected.size(), 2U);
      EXPECT_EQ(detected[0].boxes.device(), device);
      found.push_back(detected[0].boxes.size(0) + detected[1].boxes.size(0));
    }
    EXPECT_NEAR(losses[0], losses[1], 1e-5 * losses[0]) << sampled;
    EXPECT_GT(found[0], 0);
    EXPECT_EQ(found[0], found[1]) << sampled;
  }
}

}  // namespace
}  // namespace photo51::test
