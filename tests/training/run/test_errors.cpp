#include <gmock/gmock.h>

#include <functional>

#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/report/scored_run.hpp"
#include "training/loop/checkpoint.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string message(core::Fault fault, const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    EXPECT_EQ(static_cast<int>(error.fault()), static_cast<int>(fault)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(RunErrors, FolderInUse) {
  const test::TabularCohort cohort;
  cohort.config();
  std::filesystem::create_directory(cohort / "run");
  std::ofstream(cohort / "run/mine.txt") << "mine";
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run"); }),
              AllOf(HasSubstr("--resume"), HasSubstr("--overwrite")));
  RunRequest request;
  request.overwrite = true;
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {}, request); }),
              HasSubstr("no run folder"));
  EXPECT_TRUE(std::filesystem::exists(cohort / "run/mine.txt"));
  request.overwrite = false;
  request.resume = true;
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {}, request); }),
              HasSubstr("nothing to resume"));
  request.overwrite = true;
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {}, request); }),
              HasSubstr("give either --resume or --overwrite, not both"));
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("cohort.csv"); }), HasSubstr("not a folder"));
}

TEST(RunErrors, OptionsOfCodeAreHeldToAConfigsLimits) {
  const test::TabularCohort cohort;
  ExperimentOptions experiment = read_experiment(cohort.config());
  RunRequest request;
  request.folder = cohort / "run";
  const auto refused = [&] { return message(core::Fault::usage, [&] { train(experiment, request); }); };
  experiment.train.batch_size = 0;
  EXPECT_EQ(refused(), "train.batch_size: must be at least 1 cases, not 0");
  experiment.train.batch_size = 8;
  experiment.train.optimizer = config::choose<SgdOptions>("adamw");
  EXPECT_THAT(refused(), HasSubstr("train.optimizer: `adamw` has the options "
                                   "photo51::training::AdamWOptions, and was given"));
  experiment.train.optimizer = {};
  EXPECT_THAT(refused(), HasSubstr("train.optimizer: is empty"));
  experiment.train.optimizer = config::choose<AdamWOptions>("adamw");
  experiment.train.schedule = {};
  EXPECT_THAT(refused(), HasSubstr("train.schedule: is empty"));
  experiment.train.schedule = config::choose<CosineOptions>("cosine");
  experiment.pipeline.inputs.clear();
  EXPECT_THAT(refused(), HasSubstr("inputs: needs at least one input"));
  EXPECT_FALSE(std::filesystem::exists(cohort / "run"));
}

TEST(RunErrors, DeviceThatIsNotThere) {
  const test::TabularCohort cohort;
  cohort.config();
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {"train.device=gpu"}); }),
              AllOf(HasSubstr("train.device"), HasSubstr("auto, cpu, cuda")));
  if (!core::gpu_present()) {
    EXPECT_THAT(message(core::Fault::run, [&] { cohort.run("run", {"train.device=cuda"}); }),
                AllOf(HasSubstr("train.device"), HasSubstr("no NVIDIA driver")));
  }
  EXPECT_FALSE(std::filesystem::exists(cohort / "run"));
  const auto run = cohort.run("run", {"train.epochs=1", "train.device=cpu"});
  EXPECT_THAT(core::read_file(run / "environment.json"), HasSubstr("\"device\": \"cpu\""));
}

TEST(RunErrors, OverwriteStartsAnew) {
  const test::TabularCohort cohort;
  cohort.config();
  cohort.run("run", {"train.epochs=1"});
  RunRequest request;
  request.overwrite = true;
  const auto run = cohort.run("run", {"train.epochs=2"}, request);
  const auto log = core::read_file(run / "log.jsonl");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 4);
}

TEST(RunErrors, ResumeWithAnotherConfigOrOtherData) {
  test::TabularCohort cohort;
  cohort.config();
  cohort.run("run", {"train.epochs=1"});
  RunRequest request;
  request.resume = true;
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {"train.epochs=2"}, request); }),
              AllOf(HasSubstr("`epochs: 1` there"), HasSubstr("`epochs: 2` now")));
  cohort.write({{"x2", "0.5"}});
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run", {"train.epochs=1"}, request); }),
              HasSubstr("has changed"));
}

TEST(RunErrors, NothingToLearnFrom) {
  test::TabularCohort cohort;
  cohort.config();
  cohort.write({{"idh", "1"}});
  EXPECT_THAT(message(core::Fault::data, [&] { cohort.run("a"); }),
              AllOf(HasSubstr("idh"), HasSubstr("class")));
  EXPECT_FALSE(std::filesystem::exists(cohort / "a")) << "nothing to clear away before the next try";
  cohort.write({{"event", "0"}});
  EXPECT_THAT(message(core::Fault::data, [&] { cohort.run("b"); }),
              AllOf(HasSubstr("os"), HasSubstr("censored")));
}

TEST(RunErrors, MissingLabelColumnAndManifest) {
  const test::TabularCohort cohort;
  cohort.config("", "idg: {task: binary}");
  std::string text;
  try {
    cohort.run("run");
  } catch (const core::Error& error) {
    text = error.what();
  }
  EXPECT_THAT(text, AllOf(HasSubstr("idg"), HasSubstr("idh")));
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("other", {"cohort.manifest=~"}); }),
              HasSubstr("cohort.manifest"));
}

TEST(RunErrors, LossThatIsNotFinite) {
  const test::TabularCohort cohort;
  cohort.config("optimizer: {name: sgd, lr: 1.0e+30, momentum: 0, nesterov: false}", "y: {task: regression}");
  EXPECT_THAT(message(core::Fault::run, [&] { cohort.run("run"); }),
              AllOf(HasSubstr("fold 1 of 2, epoch"), HasSubstr("train.optimizer.lr"), HasSubstr("cases P")));
}

/// Runs two steps; returns how to go on.
RunRequest stopped(const test::TabularCohort& cohort) {
  RunRequest request;
  request.stop_after_steps = 2;
  message(core::Fault::interrupted, [&] { cohort.run("run", {}, request); });
  request = {};
  request.resume = true;
  return request;
}

TEST(RunErrors, BrokenCheckpoint) {
  const test::TabularCohort cohort;
  cohort.config();
  const RunRequest request = stopped(cohort);
  const auto last = cohort / "run/checkpoints/fold_0/last.safetensors";
  const std::string whole = core::read_file(last);
  std::ofstream(last, std::ios::binary) << whole.substr(0, whole.size() - 40);
  EXPECT_THAT(message(core::Fault::data, [&] { cohort.run("run", {}, request); }),
              HasSubstr("fold_0/last.safetensors"));
}

TEST(RunErrors, CheckpointWithoutItsAverage) {
  const test::TabularCohort cohort;
  cohort.config("ema: 0.9");
  const RunRequest request = stopped(cohort);
  const auto last = cohort / "run/checkpoints/fold_0/last.safetensors";
  auto stored = nn::read_safetensors(last);
  const auto refused = [&] {
    nn::write_safetensors(last, stored.tensors, stored.metadata);
    return message(core::Fault::data, [&] { cohort.run("run", {}, request); });
  };
  stored.metadata.at("average_steps") = "two";
  EXPECT_THAT(refused(), AllOf(HasSubstr("fold_0/last.safetensors"),
                               HasSubstr("`average_steps` is not a number of steps")));
  stored.metadata.erase("average_steps");
  EXPECT_THAT(refused(), AllOf(HasSubstr("fold_0/last.safetensors"), HasSubstr("holds no averaged weights")));
}

TEST(RunErrors, SamplerWithoutAHeadThatFits) {
  const test::TabularCohort cohort;
  cohort.config("sampler: event", "idh: {task: binary}");
  EXPECT_THAT(message(core::Fault::usage, [&] { cohort.run("run"); }), HasSubstr("train.sampler"));
}

TEST(RunErrors, StateThatIsNoState) {
  EXPECT_THAT(message(core::Fault::data, [] { state_from_json("{\"epoch\": 3}"); }),
              HasSubstr("the training state is broken: what was learned: lacks `batch`"));
  for (const char* wrong : {"{\"epoch\": \"secret\"}", "{\"epoch\": 1.5}"})
    EXPECT_THAT(
        message(core::Fault::data, [&] { state_from_json(wrong); }),
        ::testing::AllOf(HasSubstr("`epoch`: is not a whole number"), ::testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(message(core::Fault::data, [] { state_from_json("[\"secret\"]"); }),
              ::testing::AllOf(HasSubstr("is not an object"), ::testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(message(core::Fault::data, [] { state_from_json("{secret"); }),
              ::testing::AllOf(HasSubstr("is not valid JSON"), ::testing::Not(HasSubstr("secret"))));
  TrainState state;
  state.epoch = 4;
  state.loss_sum = 0.1 + 0.2;
  state.part_sums["idh"] = 1.0 / 3;
  state.history = {"{}"};
  const TrainState back = state_from_json(to_json(state));
  EXPECT_EQ(back.loss_sum, state.loss_sum);
  EXPECT_EQ(back.part_sums, state.part_sums);
  EXPECT_EQ(back.history, state.history);
  const auto damaged = [&](const std::string& from, const std::string& to) {
    std::string text = to_json(state);
    text.replace(text.find(from), from.size(), to);
    return message(core::Fault::data, [&] { state_from_json(text); });
  };
  EXPECT_THAT(damaged("\"epoch\":4", "\"epoch\":-4"),
              HasSubstr("the training state is broken: `epoch`: -4 is outside 0 to"));
  EXPECT_THAT(damaged("\"lr\":0.0", "\"lr\":1e999"),
              HasSubstr("the training state is broken: is not valid JSON"));
  EXPECT_THAT(damaged("\"lr\":0.0", "\"lr\":null"), HasSubstr("`lr`: is not a finite number"));
  EXPECT_THAT(damaged("\"finished\":false", "\"finished\":0"),
              HasSubstr("`finished`: is neither true nor false"));
}

TEST(RunErrors, LoadRunThatIsNotOne) {
  const test::TabularCohort cohort;
  EXPECT_THAT(message(core::Fault::usage, [&] { report::load_run(cohort / "nowhere"); }),
              HasSubstr("config.yaml"));
  cohort.config();
  RunRequest request;
  request.stop_after_steps = 1;
  message(core::Fault::interrupted, [&] { cohort.run("run", {}, request); });
  EXPECT_THAT(message(core::Fault::data, [&] { report::load_run(cohort / "run"); }),
              HasSubstr("not finished"));
}

TEST(RunErrors, ConfigThatDoesNotFitTogether) {
  const test::TabularCohort cohort;
  const auto config = cohort.config();
  EXPECT_THAT(message(core::Fault::usage, [&] { read_experiment(config, {"train.ema=1"}); }),
              HasSubstr("train.ema"));
  EXPECT_THAT(message(core::Fault::usage,
                      [&] { read_experiment(config, {"train.optimizer={name: sgd, momentum: 0}"}); }),
              HasSubstr("nesterov"));
  EXPECT_THAT(message(core::Fault::usage, [&] { read_experiment(config, {"model.encoders.tabel=snn"}); }),
              HasSubstr("did you mean `table`"));
  EXPECT_THAT(
      message(core::Fault::usage, [&] { read_experiment(config, {"train.optimizer.betas=[0.9, 1]"}); }),
      HasSubstr("betas"));
}

}  // namespace
}  // namespace photo51::training
