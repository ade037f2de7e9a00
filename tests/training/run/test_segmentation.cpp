#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/evaluation/map_scores.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/inference/case_map.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/training/run/run.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::training {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Twelve images of noise with a bright ball and a dark one, which the masks call 2 and 5; one has no mask.
class Segmentation : public testing::Test {
 protected:
  Segmentation() {
    std::ofstream manifest(folder_ / "cohort.csv");
    manifest << "patient,site,t1,seg,idh\n";
    for (int i = 0; i < 12; ++i) {
      at::manual_seed(100 + i);
      at::Tensor image = at::randn({1, 14, 20, 22}), mask = at::zeros({1, 14, 20, 22}, at::kByte);
      ball(image, mask, 7, 6 + i % 3, 7 + i % 4, 5, 3, 2);
      ball(image, mask, 6, 13 - i % 2, 15, 4, -3, 5);
      imaging::Geometry grid{.size = {22, 20, 14}, .spacing = {1, 1, 1.5}, .origin = {3, 2, 1}};
      const std::string id = std::to_string(i);
      imaging::write_nifti(imaging::make_volume(image, grid), folder_ / (id + ".nii"));
      imaging::write_nifti(imaging::make_volume(mask, grid), folder_ / (id + "_seg.nii"));
      manifest << "P" << id << "," << (i % 4 == 0 ? "A" : "B") << "," << id << ".nii,"
               << (i == 5 ? "" : id + "_seg.nii") << "," << i % 2 << "\n";
    }
    std::ofstream(folder_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {hold_out: [A], validation_fraction: 0.25, seed: 1}}\n"
           "inputs:\n  mri: {modality: mri, channels: [t1], preprocess: {spacing: [1, 1, 1.5]},\n"
           "    patch: {size: [12, 12, 8], foreground: 0.7}, augment: {flip: [x]}}\n"
           "model:\n  encoders: {mri: {name: conv_net, widths: [6, 12]}}\n"
           "  heads:\n    balls: {task: segmentation, input: mri, label: seg, classes: [bright, dark], "
           "values: [2, 5]}\n"
           "train: {epochs: 40, batch_size: 4, workers: 0, threads: 2, validate_every: 20,\n"
           "  optimizer: {name: adamw, lr: 0.01}}\nevaluate: {bootstrap_samples: 50}\n";
  }
  static void ball(at::Tensor& image, at::Tensor& mask, int z, int y, int x, int radius, double brighter,
                   int value) {
    for (int dz = -radius; dz <= radius; ++dz)
      for (int dy = -radius; dy <= radius; ++dy)
        for (int dx = -radius; dx <= radius; ++dx) {
          const int k = z + dz, j = y + dy, i = x + dx;
          if (dz * dz * 2 + dy * dy + dx * dx > radius * radius || k < 0 || k > 13 || j < 0 || j > 19 ||
              i < 0 || i > 21)
            continue;
          image[0][k][j][i] += brighter;
          mask[0][k][j][i] = value;
        }
  }
  std::filesystem::path run(const std::vector<std::string>& overrides = {}, const std::string& name = "run",
                            RunRequest request = {}) const {
    request.folder = folder_ / name;
    train(read_experiment(folder_ / "config.yaml", overrides), request);
    return request.folder;
  }
  static std::map<std::string, double> metrics(const std::filesystem::path& run) {
    const core::Table table = core::read_table(run / "metrics.csv");
    std::map<std::string, double> found;
    for (const auto& row : table.rows)
      if (row[table.require("group")] == "all")
        found[row[table.require("metric")]] = std::stod(row[table.require("value")]);
    return found;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Segmentation, LearnsWhatRandomWeightsDoNotKnow) {
  const auto trained = run();
  const auto found = metrics(trained);
  EXPECT_GT(found.at("dice:bright"), 0.85);
  EXPECT_GT(found.at("dice:dark"), 0.8);
  EXPECT_NEAR(found.at("dice"), (found.at("dice:bright") + found.at("dice:dark")) / 2, 1e-9);
  EXPECT_LT(found.at("hd95"), 9);
  EXPECT_GT(found.at("nsd"), 0.8);
  const auto random = run({"train.epochs=1", "train.optimizer.lr=1e-9"}, "random");
  EXPECT_LT(metrics(random).at("dice"), 0.4);
  // Maps of all that was not trained on, with the image's geometry and the masks' values.
  for (const std::string id : {"P0", "P4", "P8"}) {
    const auto file = inference::map_file(trained / "maps", id, "balls");
    const auto map = imaging::read_volume(file, {.modality = imaging::Modality::segmentation, .series = {}});
    const auto image = imaging::read_volume(folder_ / (id.substr(1) + ".nii"));
    EXPECT_TRUE(map.geometry.matches(image.geometry));
    EXPECT_EQ(map.data.scalar_type(), at::kByte);
    EXPECT_TRUE(map.data.eq(0).logical_or(map.data.eq(2)).logical_or(map.data.eq(5)).all().item<bool>());
  }
  const auto scores = evaluation::read_map_scores(trained / "map_scores.csv");
  EXPECT_EQ(scores.at("balls").at("P4").size(), 2U);
  EXPECT_THAT(core::read_file(trained / "predictions.csv"), HasSubstr("P4,balls,bright,"));
  EXPECT_THAT(core::read_file(trained / "log.jsonl"), HasSubstr("\"validation_metric\":null"));

  // The same from the run's weights, and with the image mirrored too.
  const inference::Predictor predictor(trained);
  const data::Cohort cohort(predictor.pipeline().cohort, predictor.pipeline().inputs, predictor.labels());
  std::vector<inference::CaseMap> maps;
  inference::PredictOptions options;
  options.on_map = [&](const auto& map) { maps.push_back(map); };
  const auto results = predictor.results(cohort, {4}, options);
  ASSERT_EQ(maps.size(), 1U);
  EXPECT_DOUBLE_EQ(results.at(0).heads.at(0).values.at(0).value, maps[0].volumes[0].value);
  const double stored = scores.at("balls").at("P4")[0].predicted_ml;
  EXPECT_NEAR(maps[0].volumes[0].value, stored, 0.02 * stored);
  options.mirror = {preprocess::Axis::x, preprocess::Axis::y};
  const auto mirrored = predictor.results(cohort, {4}, options);
  ASSERT_EQ(maps.size(), 2U);
  const double difference = maps[0].classes.ne(maps[1].classes).sum().item<double>();
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.2 * static_cast<double>(maps[0].classes.ne(0).sum().item<int64_t>()));
  options.mirror.clear();
  options.flips = true;
  PHOTO51_EXPECT_ERROR(predictor.results(cohort, {4}, options), usage, HasSubstr("--mirror x"));
}

TEST_F(Segmentation, ServesOrdinaryHeadsAndFoldsAndComesOutTheSameWhenResumed) {
  const std::vector<std::string> small{"train.epochs=2", "train.validate_every=1",
                                       "model.heads.idh={task: binary}", "cohort.split.folds=2",
                                       "train.checkpoint_every=0"};
  const auto whole = run(small);
  RunRequest stopped;
  stopped.stop_after_steps = 3;
  EXPECT_THROW(run(small, "again", stopped), core::Error);
  RunRequest resumed;
  resumed.resume = true;
  const auto again = run(small, "again", resumed);
  EXPECT_EQ(core::read_file(whole / "predictions.csv"), core::read_file(again / "predictions.csv"));
  EXPECT_EQ(core::read_file(whole / "map_scores.csv"), core::read_file(again / "map_scores.csv"));
  EXPECT_THAT(core::read_file(whole / "predictions.csv"),
              AllOf(HasSubstr("P1,balls,dark,"), HasSubstr("P1,idh,1,"), HasSubstr("P5,balls,")));
  // Without a mask a case is predicted and not scored.
  EXPECT_THAT(core::read_file(whole / "map_scores.csv"),
              AllOf(HasSubstr("P1,balls"), Not(HasSubstr("P5,balls"))));
  EXPECT_THAT(core::read_file(whole / "metrics.csv"),
              AllOf(HasSubstr("balls,dice,cross_validation,"), HasSubstr("idh,auroc,")));
}

TEST_F(Segmentation, TrainsWithDeepSupervisionInShortType) {
  const auto trained = run({"train.epochs=2", "train.precision=bf16", "train.validate_every=2",
                            "model.heads.balls.decoder={name: unet, deep_supervision: 1}"});
  EXPECT_TRUE(metrics(trained).contains("dice"));
}

}  // namespace
}  // namespace photo51::training
