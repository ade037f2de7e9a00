/// Segmentation beside MONAI, surface-distance, SciPy and formulas written out: losses with their gradients,
/// distances, scores of masks and lesions, FROC. The peer's half stands in segmentation.py.

#include <torch/nn/module.h>

#include <cmath>
#include <fstream>
#include <map>

#include "parity/peer.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/evaluation/froc.hpp"
#include "photo51/evaluation/lesions.hpp"
#include "photo51/evaluation/segmentation.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/ops/distance.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "photo51/radiogenomics/losses/segmentation_options.hpp"
#include "support/shared_data.hpp"

namespace photo51 {
namespace {

using Loss = config::Choice;

Loss dice_ce(const radiogenomics::DiceCeOptions& options) {
  return config::choose("dice_ce", options);
}

/// The losses of segmentation.py, of images with 3 classes.
std::map<std::string, Loss> losses_beside_peers(int64_t axes) {
  using radiogenomics::SoftDiceOptions;
  const std::vector<double> weight{1, 2, 3};
  std::vector<double> spacing{2.5, 0.75, 1.5};
  spacing.erase(spacing.begin(), spacing.end() - axes);
  SoftDiceOptions foreground, squared, jaccard, batch;
  foreground.include_background = batch.include_background = false;
  squared.squared_pred = jaccard.jaccard = batch.batch = true;
  batch.smooth_nr = 0.1;
  batch.smooth_dr = 0.2;
  return {
      {"dice_ce", dice_ce({})},
      {"dice_ce_without_background",
       dice_ce({.dice = batch, .lambda_dice = 0.7, .lambda_ce = 1.3, .weight = {}})},
      {"dice_ce_squared", dice_ce({.dice = squared, .weight = {}, .label_smoothing = 0.1})},
      {"dice_ce_jaccard", dice_ce({.dice = jaccard, .weight = {}})},
      {"dice_ce_weighted", dice_ce({.dice = foreground, .weight = weight, .label_smoothing = 0.2})},
      {"focal", config::choose("focal", radiogenomics::FocalOptions{})},
      {"focal_weighted",
       config::choose("focal", radiogenomics::FocalOptions{.gamma = 1.5, .alpha = 0.8, .weight = weight})},
      {"focal_sigmoid",
       config::choose(
           "focal",
           radiogenomics::FocalOptions{.gamma = 3, .alpha = 0.8, .weight = weight, .use_softmax = false})},
      {"focal_without_background",
       config::choose("focal",
                      radiogenomics::FocalOptions{.include_background = false, .use_softmax = false})},
      {"dice_focal", config::choose("dice_focal", radiogenomics::DiceFocalOptions{})},
      {"dice_focal_sigmoid",
       config::choose("dice_focal", radiogenomics::DiceFocalOptions{.dice = {},
                                                                    .lambda_dice = 0.6,
                                                                    .lambda_focal = 1.4,
                                                                    .gamma = 2.5,
                                                                    .alpha = {},
                                                                    .weight = weight,
                                                                    .use_softmax = false})},
      {"dice_focal_without_background",
       config::choose("dice_focal",
                      radiogenomics::DiceFocalOptions{
                          .dice = foreground, .alpha = 0.3, .weight = {}, .use_softmax = false})},
      {"tversky", config::choose("tversky", radiogenomics::TverskyOptions{})},
      {"tversky_without_background",
       config::choose("tversky",
                      radiogenomics::TverskyOptions{
                          .alpha = 0.3, .beta = 0.7, .include_background = false, .batch = true})},
      {"boundary", config::choose("boundary",
                                  radiogenomics::BoundaryOptions{
                                      .region = {.dice = {}, .lambda_dice = 0, .lambda_ce = 0, .weight = {}},
                                      .lambda_boundary = 1,
                                      .spacing = spacing})},
      {"boundary_region", config::choose("boundary", radiogenomics::BoundaryOptions{})},
  };
}

/// Balls of voxels at random places, which are cut at the border.
at::Tensor balls_in(const std::vector<int64_t>& size, const std::vector<double>& spacing, int count,
                    double radius, core::Random& random) {
  at::Tensor seeds = at::zeros(size, at::kBool);
  for (int i = 0; i < count; ++i)
    seeds.view(-1)[static_cast<int64_t>(random.below(static_cast<uint64_t>(seeds.numel())))] = true;
  return ops::squared_distance(seeds, spacing).le(radius * radius);
}

/// Two masks that nearly agree.
struct Case {
  std::vector<int64_t> size;
  std::vector<double> spacing;
  int count = 1;
  double radius = 1, noise = 0;

  std::pair<at::Tensor, at::Tensor> masks(uint64_t number) const {
    core::Random random({number, core::hash_key("segmentation")});
    const at::Tensor truth = balls_in(size, spacing, count, radius, random);
    at::Tensor predicted = truth.roll(1, -1).logical_or(balls_in(size, spacing, 1, radius / 2, random));
    for (int64_t i = 0; i < predicted.numel(); ++i)
      if (random.chance(noise)) predicted.view(-1)[i] = !predicted.view(-1)[i].item<bool>();
    return {predicted, truth};
  }
};

class Segmentation : public test::PeerSuite<Segmentation> {
 public:
  static constexpr const char* kScript = "segmentation.py";

 protected:
  using Values = std::map<std::pair<size_t, std::string>, double>;

  void ask(const std::string& request) { ASSERT_TRUE(peer_->ask({request, folder_.path().string()})); }
  Values values_of(const std::string& name) const {
    Values values;
    for (const auto& row : core::read_table(folder_ / name).rows) {
      const double value = row[2] == "nan"   ? NAN
                           : row[2] == "inf" ? INFINITY
                                             : core::parse_double(row[2]).value();
      values[{static_cast<size_t>(core::parse_double(row[0]).value()), row[1]}] = value;
    }
    return values;
  }
  /// Of `cases` with options a case, beside it and for it alone.
  void write_masks(const std::vector<Case>& cases, const std::vector<std::vector<double>>& options) {
    nn::Tensors all;
    for (size_t i = 0; i < cases.size(); ++i) {
      const auto [predicted, truth] = cases[i].masks(i);
      const auto number = std::to_string(i);
      all["predicted" + number] = predicted.to(at::kByte);
      all["truth" + number] = truth.to(at::kByte);
      all["spacing" + number] = at::tensor(cases[i].spacing, at::kDouble);
      all["options" + number] = at::tensor(options[i], at::kDouble);
    }
    nn::write_safetensors(folder_ / "masks.safetensors", all);
  }

  test::TemporaryFolder folder_;
};

TEST_F(Segmentation, LossesAreMonais) {
  core::Random random({5, core::hash_key("losses")});
  nn::Tensors inputs;
  for (const std::vector<int64_t>& size : {std::vector<int64_t>{9, 11}, std::vector<int64_t>{5, 6, 7}}) {
    std::vector<int64_t> shape{2, 3};
    shape.insert(shape.end(), size.begin(), size.end());
    at::Tensor logits = at::empty(shape, at::kDouble);
    for (int64_t i = 0; i < logits.numel(); ++i) logits.view(-1)[i] = 2 * random.normal();
    at::Tensor labels = (logits.roll(1, -1).argmax(1) + 2).remainder(3);
    labels[1].masked_fill_(labels[1].eq(2), 0);  // a class that an image lacks
    const auto axes = std::to_string(size.size());
    inputs["logits" + axes] = logits;
    inputs["labels" + axes] = labels.contiguous();
  }
  nn::write_safetensors(folder_ / "inputs.safetensors", inputs);
  ask("losses");
  const nn::Tensors peers = nn::read_safetensors(folder_ / "losses.safetensors").tensors;
  size_t compared = 0;
  for (const int64_t axes : {2, 3})
    for (const auto& [name, choice] : losses_beside_peers(axes)) {
      const auto dims = std::to_string(axes);
      SCOPED_TRACE(name + " " + dims);
      const at::Tensor logits = inputs.at("logits" + dims).clone().requires_grad_();
      const at::Tensor loss =
          (*radiogenomics::make_segmentation_loss(choice))(logits, inputs.at("labels" + dims)).mean();
      loss.backward();
      const at::Tensor& gradient = peers.at(name + "_" + dims + "_gradient");
      EXPECT_LE(std::abs(loss.item<double>() - peers.at(name + "_" + dims).item<double>()), 1e-9);
      EXPECT_GT(gradient.abs().max().item<double>(), 1e-6);
      EXPECT_LE((logits.grad() - gradient).abs().max().item<double>(),
                1e-9 * gradient.abs().max().item<double>());
      compared += 2;
    }
  EXPECT_EQ(compared, peers.size());
}

TEST_F(Segmentation, DistancesAreScipys) {
  core::Random random({6, core::hash_key("distance")});
  const std::map<std::string, Case> cases{{"2", {{57, 83}, {0.6, 1.7}}},
                                          {"3", {{23, 31, 40}, {3, 0.7, 0.9}}}};
  nn::Tensors inputs;
  for (const auto& [axes, of] : cases) {
    at::Tensor objects = at::zeros(of.size, at::kByte);
    for (int i = 0; i < 12; ++i)
      objects.view(-1)[static_cast<int64_t>(random.below(static_cast<uint64_t>(objects.numel())))] = 1;
    inputs["objects" + axes] = objects;
    inputs["spacing" + axes] = at::tensor(of.spacing, at::kDouble);
  }
  nn::write_safetensors(folder_ / "distance.safetensors", inputs);
  ask("distance");
  const nn::Tensors peers = nn::read_safetensors(folder_ / "squared.safetensors").tensors;
  for (const auto& [axes, of] : cases) {
    const at::Tensor squared = ops::squared_distance(inputs.at("objects" + axes), of.spacing);
    EXPECT_TRUE(at::allclose(squared, peers.at("squared" + axes), 1e-14, 0));
    const at::Tensor single = ops::squared_distance(inputs.at("objects" + axes), of.spacing, at::kFloat);
    EXPECT_TRUE(at::allclose(single.to(at::kDouble), peers.at("squared" + axes), 1e-6, 0));
  }
}

/// MONAI computes in single precision.
double tolerance_of(const std::string& name, double value) {
  const bool monai = name.starts_with("voxels") || name.ends_with("_monai") || name == "dice" ||
                     name == "iou" || name == "sensitivity" || name == "precision";
  return (monai ? 1e-6 : 1e-12) * std::max(1.0, std::abs(value));
}

TEST_F(Segmentation, ScoresOfMasksAreThePeers) {
  using evaluation::Surface;
  const std::vector<Case> cases{
      {{40, 33}, {1, 1}, 3, 6, 0},
      {{31, 52}, {0.5, 1.7}, 4, 5, 0.02},
      {{15, 40, 36}, {3, 0.8, 0.8}, 2, 9, 0},
      {{18, 22, 25}, {2, 1, 0.6}, 5, 4, 0.01},
      {{12, 12, 12}, {1, 1, 1}, 6, 3, 0.3},
      {{1, 20, 22}, {5, 1, 1}, 2, 4, 0.05},
  };
  const std::vector<double> tolerances{0.55, 1.05, 3.05};  // between the distances that occur
  write_masks(cases, std::vector<std::vector<double>>(cases.size(), tolerances));
  ask("metrics");
  Values ours;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto [predicted, truth] = cases[i].masks(i);
    const auto overlap = evaluation::overlap_of(predicted, truth);
    ours[{i, "dice"}] = ours[{i, "dice_deepmind"}] = dice(overlap);
    ours[{i, "iou"}] = iou(overlap);
    ours[{i, "sensitivity"}] = sensitivity(overlap);
    ours[{i, "precision"}] = precision(overlap);
    for (const auto& [name, surface] : {std::pair{"cubes", Surface::cubes}, {"voxels", Surface::voxels}}) {
      const std::string kind = name;
      const auto distances = evaluation::surface_distances(predicted, truth, cases[i].spacing, surface);
      for (const int percentile : {50, 95, 100})
        ours[{i, kind + "_hd" + std::to_string(percentile)}] = hausdorff(distances, percentile);
      ours[{i, kind + "_assd"}] = average_surface_distance(distances);
      for (const double tolerance : tolerances) {
        const std::string column = kind + "_nsd" + core::format_number(tolerance);
        ours[{i, column}] = surface_dice(distances, tolerance);
        if (surface == Surface::cubes) ours[{i, column + "_monai"}] = ours.at({i, column});
      }
    }
  }
  const Values peers = values_of("metrics.csv");
  ASSERT_EQ(peers.size(), ours.size());
  for (const auto& [key, value] : ours)
    EXPECT_NEAR(value, peers.at(key), tolerance_of(key.second, value)) << key.first << " " << key.second;
}

TEST_F(Segmentation, ScoresOfLesionsAreThoseOfBrats) {
  const std::vector<Case> cases{{{30, 34, 37}, {1, 1, 1}, 12, 3, 0.001},
                                {{30, 34, 37}, {1, 1, 1}, 12, 3, 0.001},
                                {{16, 40, 36}, {2, 0.8, 0.8}, 9, 4, 0.0005},
                                {{60, 70}, {0.7, 1.2}, 9, 5, 0.002},
                                {{60, 70}, {0.7, 1.2}, 9, 5, 0.002}};
  const std::vector<std::vector<double>> options{{0, 0}, {2, 60}, {1, 20}, {0, 0}, {2, 30}};
  write_masks(cases, options);
  ask("lesions");
  Values ours;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto [predicted, truth] = cases[i].masks(i);
    const auto scores = evaluation::lesion_scores(
        predicted, truth, cases[i].spacing,
        {.dilation = static_cast<int64_t>(options[i][0]), .min_volume = options[i][1]});
    ours[{i, "lesions"}] = static_cast<double>(scores.lesions.size());
    ours[{i, "found"}] = static_cast<double>(scores.found);
    ours[{i, "false_positives"}] = static_cast<double>(scores.false_positives);
    ours[{i, "dice"}] = scores.dice;
    ours[{i, "hd95"}] = scores.hd95;
    ours[{i, "f1"}] = scores.f1;
    EXPECT_GT(scores.found, 1);
  }
  const Values peers = values_of("lesions.csv");
  ASSERT_EQ(peers.size(), ours.size());
  for (const auto& [key, value] : ours)
    EXPECT_NEAR(value, peers.at(key), 1e-10) << key.first << " " << key.second;
}

TEST_F(Segmentation, FrocIsThatOfItsDefinition) {
  core::Random random({7, core::hash_key("froc")});
  std::vector<evaluation::FrocImage> images(25);
  std::ofstream lesions(folder_ / "images.csv"), candidates(folder_ / "candidates.csv");
  lesions << "lesions\n";
  candidates << "image,score,lesion\n";
  for (size_t i = 0; i < images.size(); ++i) {
    images[i].lesions = static_cast<int64_t>(random.below(4));
    lesions << images[i].lesions << "\n";
    for (uint64_t c = random.below(12); c > 0; --c) {
      const bool hits = images[i].lesions > 0 && random.chance(0.4);
      const auto lesion =
          hits ? static_cast<int64_t>(random.below(static_cast<uint64_t>(images[i].lesions))) : -1;
      const double score = static_cast<double>(random.below(40) + (hits ? 10 : 0)) / 50;  // with ties
      images[i].candidates.push_back({score, hits ? std::vector<int64_t>{lesion} : std::vector<int64_t>{}});
      candidates << i << "," << core::format_number(score) << "," << lesion << "\n";
    }
  }
  lesions.close();
  candidates.close();
  ask("froc");
  const auto curve = evaluation::froc_curve(images);
  const Values peers = values_of("froc.csv");
  for (const double rate : evaluation::cpm_rates())
    EXPECT_NEAR(sensitivity_at(curve, rate), peers.at({0, "at_" + core::format_number(rate)}), 1e-12) << rate;
  EXPECT_NEAR(cpm(curve), peers.at({0, "cpm"}), 1e-12);
  EXPECT_NEAR(cpm(curve), peers.at({0, "cpm_monai"}), 1e-12);
}

}  // namespace
}  // namespace photo51
