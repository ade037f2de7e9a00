#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cmath>

#include "photo51/config/read.hpp"
#include "photo51/config/validate.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "photo51/radiogenomics/losses/segmentation_options.hpp"
#include "support/errors.hpp"

namespace photo51::radiogenomics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One image of a row of places whose probabilities are given, class by class.
at::Tensor logits_of(const std::vector<std::vector<double>>& p) {
  std::vector<at::Tensor> rows;
  for (const auto& of_class : p) rows.push_back(at::tensor(of_class, at::kDouble).log());
  return at::stack(rows).view({1, static_cast<int64_t>(p.size()), 1, -1});
}
at::Tensor labels_of(const std::vector<int64_t>& labels) {
  return at::tensor(labels, at::kLong).view({1, 1, -1});
}

double loss_of(const config::Choice& loss, const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor value = (*make_segmentation_loss(loss))(logits, labels);
  EXPECT_EQ(value.sizes(), (std::vector<int64_t>{logits.size(0)}));
  return value.mean().item<double>();
}

const at::Tensor kLogits = logits_of({{0.5, 0.4, 0.1}, {0.5, 0.6, 0.9}});
const at::Tensor kLabels = labels_of({0, 1, 1});

TEST(SegmentationLoss, DiceAndCrossEntropyByHand) {
  DiceCeOptions options;
  options.dice.smooth_nr = options.dice.smooth_dr = 0;
  options.lambda_ce = 0;
  // Background: 2 * 0.5 / (1 + 1), lesion: 2 * 1.5 / (2 + 2).
  EXPECT_NEAR(loss_of(config::choose("dice_ce", options), kLogits, kLabels), 1 - (0.5 + 0.75) / 2, 1e-12);
  options.dice.include_background = false;
  EXPECT_NEAR(loss_of(config::choose("dice_ce", options), kLogits, kLabels), 0.25, 1e-12);
  options.dice.jaccard = true;
  EXPECT_NEAR(loss_of(config::choose("dice_ce", options), kLogits, kLabels), 1 - 1.5 / 2.5, 1e-12);
  options.lambda_dice = 0;
  options.lambda_ce = 2;
  const double entropy = -(std::log(0.5) + std::log(0.6) + std::log(0.9)) / 3;
  EXPECT_NEAR(loss_of(config::choose("dice_ce", options), kLogits, kLabels), 2 * entropy, 1e-12);
  options.weight = {3, 1};
  const double weighted = -(3 * std::log(0.5) + std::log(0.6) + std::log(0.9)) / 5;
  EXPECT_NEAR(loss_of(config::choose("dice_ce", options), kLogits, kLabels), 2 * weighted, 1e-12);
}

TEST(SegmentationLoss, FocalAndTverskyByHand) {
  const double focal = -(0.25 * std::log(0.5) + 0.16 * std::log(0.6) + 0.01 * std::log(0.9)) / 6;
  EXPECT_NEAR(loss_of(config::choose("focal", FocalOptions{}), kLogits, kLabels), focal, 1e-12);
  const double balanced =
      -(0.25 * 0.25 * std::log(0.5) + 0.75 * (0.16 * std::log(0.6) + 0.01 * std::log(0.9))) / 6;
  EXPECT_NEAR(loss_of(config::choose("focal", FocalOptions{.alpha = 0.75}), kLogits, kLabels), balanced,
              1e-12);
  TverskyOptions options{.alpha = 0.3, .beta = 0.7, .include_background = false};
  options.smooth_nr = options.smooth_dr = 0;
  // 1.5 of 2 are found, 0.5 of the background are not theirs.
  EXPECT_NEAR(loss_of(config::choose("tversky", options), kLogits, kLabels),
              1 - 1.5 / (1.5 + 0.3 * 0.5 + 0.7 * 0.5), 1e-12);
}

TEST(SegmentationLoss, BoundaryByHand) {
  BoundaryOptions options;
  options.region.lambda_dice = options.region.lambda_ce = 0;
  options.lambda_boundary = 10;
  options.spacing = {1, 2};
  // Signed distances in mm: the first place is 2 from the class, the second 2 within, the third 4.
  EXPECT_NEAR(loss_of(config::choose("boundary", options), kLogits, kLabels),
              10 * (0.5 * 2 - 0.6 * 2 - 0.9 * 4) / 3, 1e-12);
  // What is absent or everywhere has no outline.
  EXPECT_EQ(loss_of(config::choose("boundary", options), kLogits, labels_of({0, 0, 0})), 0);
  EXPECT_EQ(loss_of(config::choose("boundary", options), kLogits, labels_of({1, 1, -1})), 0);
}

/// Of all rows: an unknown place changes nothing, whatever its logits, and has no gradient.
TEST(SegmentationLoss, UnknownPlacesCountNowhere) {
  const at::Tensor longer = at::cat({kLogits, at::tensor({3.0, -1.0}).view({1, 2, 1, 1}).to(at::kDouble)}, 3);
  const at::Tensor labels = labels_of({0, 1, 1, -1});
  for (const auto& row : segmentation_losses().components()) {
    SCOPED_TRACE(row.name);
    const auto loss = make_segmentation_loss({row.name, row.make()});
    at::Tensor logits = longer.clone().requires_grad_();
    const at::Tensor value = (*loss)(logits, labels);
    EXPECT_NEAR(value.item<double>(), (*loss)(kLogits, kLabels).item<double>(), 1e-12);
    value.sum().backward();
    EXPECT_GT(logits.grad().abs().sum().item<double>(), 0);
    EXPECT_EQ(logits.grad().select(3, 3).abs().sum().item<double>(), 0);
    // Beside an image of which nothing is known.
    logits = at::cat({longer, longer}).requires_grad_();
    const at::Tensor both = (*loss)(logits, at::cat({labels, at::full_like(labels, -1)}));
    EXPECT_NEAR(both[0].item<double>(), value.item<double>(), 1e-12);
    both.sum().backward();
    EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
    EXPECT_EQ(logits.grad()[1].abs().sum().item<double>(), 0);
  }
}

TEST(SegmentationLoss, IsSingleForAllButDouble) {
  for (const auto& row : segmentation_losses().components()) {
    const auto loss = make_segmentation_loss({row.name, row.make()});
    const double exact = (*loss)(kLogits, kLabels).item<double>();
    for (const auto type : {at::kFloat, at::kHalf, at::kBFloat16}) {
      const at::Tensor value = (*loss)(kLogits.to(type), kLabels);
      EXPECT_EQ(value.scalar_type(), at::kFloat);
      EXPECT_NEAR(value.item<double>(), exact, 0.02);
    }
  }
}

/// Logits so large that probabilities are 0 and 1 have finite losses and gradients, also with a power
/// below 1.
TEST(SegmentationLoss, IsFiniteWhereProbabilitiesAreNot) {
  for (const auto& loss :
       {config::choose("dice_ce", DiceCeOptions{}), config::choose("focal", FocalOptions{.gamma = 0.5}),
        config::choose("dice_focal", DiceFocalOptions{}),
        config::choose("focal", FocalOptions{.gamma = 0.5, .use_softmax = false})}) {
    at::Tensor logits = at::tensor({200.F, -200.F, -200.F, 200.F}).view({1, 2, 1, 2}).requires_grad_();
    for (const auto& labels : {labels_of({0, 1}), labels_of({1, 0})}) {
      const at::Tensor value = (*make_segmentation_loss(loss))(logits, labels);
      value.sum().backward();
      EXPECT_TRUE(value.isfinite().all().item<bool>());
      EXPECT_TRUE(logits.grad().isfinite().all().item<bool>());
    }
  }
}

TEST(SegmentationLoss, BatchHasOneDice) {
  DiceCeOptions options;
  options.lambda_ce = 0;
  options.dice.batch = true;
  options.dice.smooth_nr = options.dice.smooth_dr = 0;
  options.dice.include_background = false;
  const at::Tensor logits = at::cat({kLogits, kLogits}), labels = at::cat({kLabels, labels_of({0, 0, 0})});
  const at::Tensor value = (*make_segmentation_loss(config::choose("dice_ce", options)))(logits, labels);
  EXPECT_NEAR(value[0].item<double>(), 1 - 2 * 1.5 / (2 * 2 + 2), 1e-12);
  EXPECT_EQ(value[0].item<double>(), value[1].item<double>());
}

TEST(SegmentationLoss, RefusesWhatDoesNotFit) {
  const auto loss =
      make_segmentation_loss(config::choose("dice_ce", DiceCeOptions{.dice = {}, .weight = {1, 2, 3}}));
  const auto call = [&](const at::Tensor& logits, const at::Tensor& labels) { (*loss)(logits, labels); };
  PHOTO51_EXPECT_ERROR(call(kLogits, kLabels), usage,
                       HasSubstr("`weight` has 3 numbers and the segmentation has 2"));
  PHOTO51_EXPECT_ERROR(call(kLogits, labels_of({0, 1})), run, HasSubstr("loss dice_ce: logits [1, 2, 1, 3]"));
  PHOTO51_EXPECT_ERROR(call(kLogits.slice(1, 1), kLabels), run, HasSubstr("2 or more classes"));
  PHOTO51_EXPECT_ERROR(call(kLogits, kLabels.to(at::kInt)), run, HasSubstr("of Int"));
  PHOTO51_EXPECT_ERROR(call(kLogits.squeeze(2), kLabels.squeeze(1)), run, HasSubstr("[B, K, [D,] H, W]"));
  const auto boundary =
      make_segmentation_loss(config::choose("boundary", BoundaryOptions{.region = {}, .spacing = {1, 1, 1}}));
  PHOTO51_EXPECT_ERROR((*boundary)(kLogits, kLabels), usage,
                       HasSubstr("`spacing` has 3 numbers and the patches have 2"));
  PHOTO51_EXPECT_ERROR(make_segmentation_loss(config::choose("dise_ce")), usage, HasSubstr("dice_ce"));
}

/// The options' own conditions, as `validate` holds them.
template <class Options>
std::string complaint_of(Options options) {
  return test::message_of(core::Fault::usage, [&] { config::validate(options, "loss"); });
}

TEST(SegmentationLoss, OptionsThatContradict) {
  DiceCeOptions dice_ce;
  dice_ce.lambda_dice = dice_ce.lambda_ce = 0;
  EXPECT_THAT(complaint_of(dice_ce), HasSubstr("both 0"));
  EXPECT_THAT(complaint_of(FocalOptions{.include_background = false}), HasSubstr("use_softmax: false"));
  DiceFocalOptions dice_focal;
  dice_focal.lambda_dice = dice_focal.lambda_focal = 0;
  EXPECT_THAT(complaint_of(dice_focal), HasSubstr("both 0"));
  BoundaryOptions boundary;
  boundary.region = dice_ce;
  boundary.lambda_boundary = 0;
  EXPECT_THAT(complaint_of(boundary), HasSubstr("all 0"));
  boundary.lambda_boundary = 1;
  boundary.spacing = {1};
  EXPECT_THAT(complaint_of(boundary), HasSubstr("2 or 3 numbers"));
  boundary.spacing = {1, 0};
  EXPECT_THAT(complaint_of(boundary), HasSubstr("above 0"));
}

TEST(SegmentationLoss, DeepSupervisionHalvesAndSumsToOne) {
  EXPECT_THAT(deep_supervision_weights(1), ElementsAre(1));
  EXPECT_THAT(deep_supervision_weights(3), ElementsAre(4.0 / 7, 2.0 / 7, 1.0 / 7));
}

}  // namespace
}  // namespace photo51::radiogenomics
