#include "photo51/radiogenomics/detection/options.hpp"

#include <algorithm>
#include <array>

#include "photo51/nn/layers/norms.hpp"

namespace photo51::radiogenomics {
namespace {

bool all_positive(const std::vector<double>& values) {
  return std::ranges::all_of(values, [](double value) { return value > 0; });
}

std::vector<std::string> tower_norms() {
  std::vector<std::string> names = config::names_of(nn::norms().components());
  names.emplace_back("none");
  return names;
}

}  // namespace

std::span<const std::string_view> enum_names(AnchorCentre) {
  static constexpr std::array<std::string_view, 3> names{"middle", "middle_voxel", "corner"};
  return names;
}

std::span<const std::string_view> enum_names(ExtraLevels) {
  static constexpr std::array<std::string_view, 4> names{"none", "max_pool", "convs", "convs_of_stage"};
  return names;
}

std::span<const std::string_view> enum_names(BoxMatcher) {
  static constexpr std::array<std::string_view, 2> names{"atss", "iou"};
  return names;
}

std::span<const std::string_view> enum_names(ClassLoss) {
  static constexpr std::array<std::string_view, 2> names{"focal", "cross_entropy"};
  return names;
}

std::span<const std::string_view> enum_names(BoxLoss) {
  static constexpr std::array<std::string_view, 3> names{"smooth_l1", "l1", "giou"};
  return names;
}

void describe(config::Fields& f, AnchorOptions& o) {
  f("sizes", o.sizes, "edge of the square or cube as large as an anchor, one a level, finest first",
    {.unit = "voxels"});
  f("scales", o.scales, "each size times each of these");
  f("aspect_ratios", o.aspect_ratios,
    "edges after that of the first axis, over it: in 2D x to y, one number an anchor; in 3D y to z and x to "
    "z, two numbers an anchor; empty = squares or cubes");
  f("centre", o.centre,
    "of the anchors of a place: middle = of its part of the image; middle_voxel = as MONAI; corner = as "
    "torchvision");
  f("rounded", o.rounded, "half edges to whole voxels, as torchvision and MONAI do");
  f.check(!o.sizes.empty() && all_positive(o.sizes), "sizes", "needs at least one, all above 0");
  f.check(!o.scales.empty() && all_positive(o.scales), "scales", "needs at least one, all above 0");
  f.check(all_positive(o.aspect_ratios), "aspect_ratios", "must be above 0");
}

void describe(config::Fields& f, BoxCodingOptions& o) {
  f("weights", o.weights, "of the shifts of a box along each axis, then of its edges; empty = 1");
  f("most_growth", o.most_growth, "logarithm of how much larger than its anchor an edge may be", {.min = 0});
  f.check(all_positive(o.weights), "weights", "must be above 0");
}

void describe(config::Fields& f, PyramidOptions& o) {
  f("channels", o.channels, "of every level", {.min = 1});
  f("stages", o.stages, "of the network, 0 = finest, ascending; empty = all", {.min = 0});
  f("extra", o.extra,
    "coarser levels behind the last stage: max_pool = every second place of it; convs = two convolutions of "
    "stride 2 of the last level; convs_of_stage = of the last stage");
  f.check(std::ranges::is_sorted(o.stages, std::ranges::less_equal{}) || o.stages.size() < 2, "stages",
          "must ascend");
}

void describe(config::Fields& f, MatcherOptions& o) {
  f("kind", o.kind,
    "which anchors learn a box: atss = by the overlaps of the nearest ones; iou = by thresholds");
  f("candidates", o.candidates, "atss: nearest places a level", {.min = 1});
  f("centre_inside", o.centre_inside, "atss: an anchor's centre has to lie in the box");
  f("every_box", o.every_box, "atss: a box left without an anchor gets the one that overlaps it most");
  f("high", o.high, "iou: overlap from which on an anchor learns the box", {.min = 0, .max = 1});
  f("low", o.low, "iou: overlap below which it learns that there is none", {.min = 0, .max = 1});
  f("low_quality", o.low_quality, "iou: the anchors that overlap a box most learn it, however little");
  f.check(o.low <= o.high, "low", "must not exceed `high`");
}

void describe(config::Fields& f, HardNegativeOptions& o) {
  f("anchors", o.anchors, "an image", {.min = 1});
  f("positive_fraction", o.positive_fraction, "of them, at most, learn a box", {.min = 0, .max = 1});
  f("least_negatives", o.least_negatives, "where there are so many", {.min = 0});
  f("pool", o.pool, "negatives are drawn from so many times their number with the highest scores",
    {.min = 1});
  f.check(o.positive_fraction > 0, "positive_fraction", "must be above 0");
}

void describe(config::Fields& f, DetectionLossOptions& o) {
  f("classes", o.classes, "focal = over all anchors; cross_entropy = over those that hard_negatives takes");
  f("alpha", o.alpha, "focal: weight of a class that is there; one that is not weighs the rest to 1",
    {.min = 0, .max = 1});
  f("gamma", o.gamma, "focal: how much less what is known already counts", {.min = 0});
  f.section("hard_negatives", o.hard_negatives, "anchors that cross_entropy is taken over");
  f("boxes", o.boxes, "of boxes relative to their anchors, or giou = of the boxes themselves");
  f("beta", o.beta, "smooth_l1: quadratic below this difference", {.min = 0});
  f.check(o.hard_negatives.has_value() == (o.classes == ClassLoss::cross_entropy), "hard_negatives",
          "belongs to `classes: cross_entropy`, which needs it");
  f.check(o.beta > 0, "beta", "must be above 0; l1 has none");
}

void describe(config::Fields& f, SelectOptions& o) {
  f("score_threshold", o.score_threshold, "a score has to exceed it", {.min = 0, .max = 1});
  f("candidates", o.candidates, "a level, before suppression", {.min = 1});
  f("iou_threshold", o.iou_threshold, "a box that overlaps one of its class and a higher score by more goes",
    {.min = 0, .max = 1});
  f("detections", o.detections, "an image, at most", {.min = 1});
  f("least_edge", o.least_edge, "of a box within the image; smaller ones go", {.min = 0, .unit = "voxels"});
}

void describe(config::Fields& f, DetectionOptions& o) {
  f.section("pyramid", o.pyramid, "the levels that boxes are looked for in");
  f.section("anchors", o.anchors, "the boxes that it begins with");
  f.section("coding", o.coding, "how boxes are told relative to anchors");
  f("convolutions", o.convolutions, "of each tower", {.min = 0});
  f("norm", o.norm, "of the towers", {.one_of = tower_norms()});
  f("bias", o.bias, "of the towers' convolutions before a norm");
  f("prior", o.prior, "score of every anchor before training", {.min = 0, .max = 1});
  f.section("matcher", o.matcher, "which anchors learn which lesion");
  f.section("loss", o.loss, "of classes and boxes");
  f.section("select", o.select, "which boxes an image is said to have");
  f.check(o.prior > 0 && o.prior < 1, "prior", "must be above 0 and below 1");
}

}  // namespace photo51::radiogenomics
