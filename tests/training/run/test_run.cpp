// Whole small runs: what is learned, what the folder holds, and that stopping changes nothing.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <nlohmann/json.hpp>
#include <set>

#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::HasSubstr;

TEST(Run, LearnsAnEasySignal) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run");
  EXPECT_GT(test::metric(run, "idh", "auroc"), 0.9);
  EXPECT_GT(test::metric(run, "y", "r2"), 0.7);
  EXPECT_GT(test::metric(run, "os", "c_index"), 0.8);
}

TEST(Run, FolderHoldsWhatItSays) {
  const test::TabularCohort cohort;
  cohort.config("repeats: 2", "idh: {task: binary}, os: {task: survival}",
                "by: site, hold_out: [C], folds: 2, seed: 1");
  const auto run = cohort.run("run", {"train.epochs=2"});
  const auto cases = core::read_table(run / "cases.csv");
  EXPECT_THAT(cases.columns, ::testing::ElementsAre("case", "site", "part", "fold"));
  EXPECT_EQ(cases.rows.size(), 60U);
  for (const auto& row : cases.rows) {
    EXPECT_EQ(row[2], row[1] == "C" ? "test" : "development");
    EXPECT_EQ(row[3].empty(), row[1] == "C");
  }
  // One row a case, head and class; every patient exactly once.
  const auto predictions = core::read_table(run / "predictions.csv");
  std::set<std::string> keys;
  for (const auto& row : predictions.rows) {
    EXPECT_TRUE(keys.insert(row[0] + "," + row[1] + "," + row[2]).second);
    EXPECT_LE(std::stod(row[4]), std::stod(row[3]));
    EXPECT_GE(std::stod(row[5]), std::stod(row[3]));
  }
  EXPECT_EQ(keys.size(), 60U * 3);
  for (const char* member : {"fold_0", "fold_0_repeat_1", "fold_1", "fold_1_repeat_1"})
    for (const char* file : {"best.safetensors", "last.safetensors"})
      EXPECT_TRUE(std::filesystem::exists(run / "checkpoints" / member / file)) << member << "/" << file;
  const auto log = core::read_file(run / "log.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 8);
  const auto environment = nlohmann::json::parse(core::read_file(run / "environment.json"));
  EXPECT_EQ(environment["seed"], 3);
  EXPECT_EQ(environment["data"]["manifest"].get<std::string>().size(), 32U);
  const auto metrics = core::read_table(run / "metrics.csv");
  std::set<std::string> groups;
  for (const auto& row : metrics.rows) groups.insert(row[2]);
  EXPECT_THAT(groups,
              ::testing::IsSupersetOf({"all", "site=C", "cross_validation", "cross_validation/site=A"}));
}

TEST(Run, OneSplitIsNotCalledCrossValidation) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}", "by: site, hold_out: [C], seed: 1");
  const auto run = cohort.run("run", {"train.epochs=2"});
  std::set<std::string> groups;
  for (const auto& row : core::read_table(run / "metrics.csv").rows) groups.insert(row[2]);
  EXPECT_TRUE(groups.contains("all") && groups.contains("validation"));
  for (const auto& group : groups) EXPECT_FALSE(group.starts_with("cross")) << group;
}

/// A run stopped after each of these counts of optimiser steps, then left to end.
void expect_same_bytes(const std::string& train, const std::vector<int64_t>& stops) {
  const test::TabularCohort cohort;
  cohort.config(train);
  const auto whole = cohort.run("whole", {"train.epochs=4"});
  RunRequest request;
  for (const int64_t stop : stops) {
    request.stop_after_steps = stop;
    try {
      cohort.run("stopped", {"train.epochs=4"}, request);
      FAIL() << "was not stopped";
    } catch (const core::Error& error) {
      EXPECT_EQ(error.fault(), core::Fault::interrupted);
      EXPECT_THAT(error.what(), HasSubstr("--resume"));
    }
    EXPECT_FALSE(std::filesystem::exists(cohort / "stopped/predictions.csv"));
    request.resume = true;
  }
  request.stop_after_steps = 0;
  const auto stopped = cohort.run("stopped", {"train.epochs=4"}, request);
  for (const char* file :
       {"predictions.csv", "predictions.json", "metrics.csv", "cases.csv", "config.yaml", "environment.json",
        "warnings.csv", "checkpoints/fold_0/best.safetensors", "checkpoints/fold_1/best.safetensors"})
    EXPECT_EQ(core::read_file(stopped / file), core::read_file(whole / file)) << file;
  const auto lines = [](const std::filesystem::path& run) {
    std::vector<std::string> kept;
    for (const auto& line : core::split(core::read_file(run / "log.jsonl"), '\n')) {
      auto json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_object()) json.erase("seconds");
      kept.push_back(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    return kept;
  };
  EXPECT_EQ(lines(stopped), lines(whole));
}

TEST(Run, ResumesToTheSameBytesFromMidEpochs) {
  expect_same_bytes("clip_norm: 1, ema: 0.9, checkpoint: best", {2, 5, 9, 1});
}

TEST(Run, ResumesToTheSameBytesWithSgdAndAccumulation) {
  expect_same_bytes("optimizer: {name: sgd, lr: 0.05}, accumulate: 2, sampler: class", {1, 3, 6});
}

TEST(Run, ResumingAFinishedRunChangesNothing) {
  const test::TabularCohort cohort;
  cohort.config();
  const auto run = cohort.run("run", {"train.epochs=1"});
  const std::string before = core::read_file(run / "predictions.csv");
  RunRequest request;
  request.resume = true;
  cohort.run("run", {"train.epochs=1"}, request);
  EXPECT_EQ(core::read_file(run / "predictions.csv"), before);
}

std::map<std::string, at::Tensor> weights_of(const std::filesystem::path& run) {
  return nn::read_safetensors(run / "checkpoints/fold_0/best.safetensors").tensors;
}

TEST(Run, AccumulatedBatchesAreOneLargeBatch) {
  const test::TabularCohort cohort;
  cohort.config("optimizer: {name: sgd, lr: 0.05}", "y: {task: regression}");
  const std::vector<std::string> common{"train.epochs=2", "model.encoders.table.dropout=0"};
  auto small = common;
  small.insert(small.end(), {"train.batch_size=5", "train.accumulate=3"});
  auto large = common;
  large.insert(large.end(), {"train.batch_size=15"});
  const auto a = weights_of(cohort.run("small", small)), b = weights_of(cohort.run("large", large));
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(at::allclose(tensor, b.at(name), 1e-4, 1e-6)) << name;
}

TEST(Run, ClippingBoundsTheStep) {
  const test::TabularCohort cohort;
  cohort.config("", "y: {task: regression}");
  const auto train = [&](const std::string& name, const std::string& lr, const std::string& clip) {
    return weights_of(cohort.run(
        name, {"train.epochs=1", "train.batch_size=30", "train.clip_norm=" + clip,
               "train.optimizer={name: sgd, lr: " + lr + ", momentum: 0, nesterov: false, weight_decay: 0}",
               "train.schedule=constant", "cohort.split.folds=2"}));
  };
  const auto before = train("before", "0", "0.01"), after = train("after", "0.5", "0.01");
  double squares = 0;
  for (const auto& [name, tensor] : after)
    squares += (tensor - before.at(name)).to(at::kDouble).square().sum().item<double>();
  EXPECT_NEAR(std::sqrt(squares), 0.5 * 0.01, 1e-5);
}

TEST(Run, AveragedWeightsPredict) {
  const test::TabularCohort cohort;
  cohort.config("ema: 0.9");
  const auto run = cohort.run("run", {"train.epochs=2"});
  const auto last = nn::read_safetensors(run / "checkpoints/fold_0/last.safetensors").tensors;
  bool differs = false;
  for (const auto& [name, tensor] : weights_of(run)) {
    EXPECT_TRUE(at::equal(tensor, last.at("average." + name))) << name;
    differs |= !at::equal(tensor, last.at("model." + name));
  }
  EXPECT_TRUE(differs);
}

TEST(Run, StopsEarlyAndKeepsTheBestEpoch) {
  const test::TabularCohort cohort;
  // A learning rate this large gets worse soon.
  cohort.config("optimizer: {name: adamw, lr: 0.5}, patience: 2, checkpoint: best, monitor: metric",
                "idh: {task: binary}");
  const auto run = cohort.run("run", {"train.epochs=60"});
  std::map<int64_t, std::vector<double>> metrics;
  for (const auto& line : core::split(core::read_file(run / "log.jsonl"), '\n')) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object()) metrics[json["fold"]].push_back(json["validation_metric"]);
  }
  ASSERT_EQ(metrics.size(), 2U);
  for (const auto& [fold, values] : metrics) {
    EXPECT_LT(values.size(), 60U);
    const auto best = std::max_element(values.begin(), values.end());
    EXPECT_EQ(values.end() - best, 3) << "patience epochs after the best one";
  }
}

TEST(Run, Bf16Trains) {
  const test::TabularCohort cohort;
  cohort.config("precision: bf16", "idh: {task: binary}");
  EXPECT_GT(test::metric(cohort.run("run"), "idh", "auroc"), 0.8);
}

TEST(Run, SeedChangesAndRepeatsDiffer) {
  const test::TabularCohort cohort;
  cohort.config("repeats: 2");
  const auto run = cohort.run("run", {"train.epochs=1"});
  EXPECT_NE(core::read_file(run / "checkpoints/fold_0/predictions.csv"),
            core::read_file(run / "checkpoints/fold_0_repeat_1/predictions.csv"));
  const auto other = cohort.run("other", {"train.epochs=1", "train.seed=4"});
  EXPECT_NE(core::read_file(run / "predictions.csv"), core::read_file(other / "predictions.csv"));
}

}  // namespace
}  // namespace photo51::training
