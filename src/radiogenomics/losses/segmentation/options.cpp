#include <algorithm>

#include "photo51/radiogenomics/losses/segmentation_options.hpp"

namespace photo51::radiogenomics {
namespace {

void describe_dice(config::Fields& f, SoftDiceOptions& o) {
  f("include_background", o.include_background, "class 0, the background, has a Dice too");
  f("batch", o.batch, "one Dice for all images of a batch, not one each");
  f("squared_pred", o.squared_pred, "squares in the denominator of the Dice");
  f("jaccard", o.jaccard, "intersection over union in place of Dice");
  f("smooth_nr", o.smooth_nr, "added to the numerator of the Dice", {.min = 0});
  f("smooth_dr", o.smooth_dr, "added to the denominator of the Dice", {.min = 0});
}

void describe_weight(config::Fields& f, std::vector<double>& weight) {
  f("weight", weight, "weight of each class, that of the background first; absent = 1 each", {.min = 0});
}

void describe_alpha(config::Fields& f, std::optional<double>& alpha) {
  f("alpha", alpha, "balance: factor of what is of a class, with 1 - alpha for what is not; absent = none",
    {.min = 0, .max = 1});
}

void describe_region(config::Fields& f, DiceCeOptions& o) {
  describe_dice(f, o.dice);
  f("lambda_dice", o.lambda_dice, "weight of 1 - Dice", {.min = 0});
  f("lambda_ce", o.lambda_ce, "weight of the cross entropy", {.min = 0});
  describe_weight(f, o.weight);
  f("label_smoothing", o.label_smoothing, "share of the cross entropy that all classes have alike",
    {.min = 0, .max = 1});
}

}  // namespace

void describe(config::Fields& f, DiceCeOptions& o) {
  describe_region(f, o);
  f.check(o.lambda_dice + o.lambda_ce > 0, "lambda_dice", "lambda_dice and lambda_ce are both 0");
}

void describe(config::Fields& f, FocalOptions& o) {
  f("include_background", o.include_background, "class 0, the background, counts too");
  f("gamma", o.gamma, "power of what is missing to certainty", {.min = 0});
  describe_alpha(f, o.alpha);
  describe_weight(f, o.weight);
  f("use_softmax", o.use_softmax, "of the softmax over the classes; false = each class's sigmoid");
  f.check(o.include_background || !o.use_softmax, "include_background",
          "needs `use_softmax: false`, since a softmax has no class without the others");
}

void describe(config::Fields& f, DiceFocalOptions& o) {
  describe_dice(f, o.dice);
  f("lambda_dice", o.lambda_dice, "weight of 1 - Dice", {.min = 0});
  f("lambda_focal", o.lambda_focal, "weight of the focal loss", {.min = 0});
  f("gamma", o.gamma, "power of what is missing to certainty", {.min = 0});
  describe_alpha(f, o.alpha);
  describe_weight(f, o.weight);
  f("use_softmax", o.use_softmax, "focal loss of the softmax over the classes; false = each class's sigmoid");
  f.check(o.lambda_dice + o.lambda_focal > 0, "lambda_dice", "lambda_dice and lambda_focal are both 0");
}

void describe(config::Fields& f, TverskyOptions& o) {
  f("alpha", o.alpha, "weight of false positives", {.min = 0});
  f("beta", o.beta, "weight of false negatives", {.min = 0});
  f("include_background", o.include_background, "class 0, the background, has an index too");
  f("batch", o.batch, "one index for all images of a batch, not one each");
  f("smooth_nr", o.smooth_nr, "added to the numerator", {.min = 0});
  f("smooth_dr", o.smooth_dr, "added to the denominator", {.min = 0});
}

void describe(config::Fields& f, BoundaryOptions& o) {
  describe_region(f, o.region);
  f("lambda_boundary", o.lambda_boundary, "weight of probability times signed distance", {.min = 0});
  f("spacing", o.spacing,
    "between the places of a patch, z, y, x or y, x; absent = 1 each, distances in voxels",
    {.min = 0, .unit = "mm"});
  f.check(o.region.lambda_dice + o.region.lambda_ce + o.lambda_boundary > 0, "lambda_boundary",
          "lambda_dice, lambda_ce and lambda_boundary are all 0");
  f.check(std::ranges::all_of(o.spacing, [](double mm) { return mm > 0; }), "spacing", "must be above 0");
  f.check(o.spacing.empty() || o.spacing.size() == 2 || o.spacing.size() == 3, "spacing",
          "needs 2 or 3 numbers");
}

}  // namespace photo51::radiogenomics
