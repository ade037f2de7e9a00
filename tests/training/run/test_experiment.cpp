#include "photo51/training/run/experiment.hpp"

#include <fstream>

#include "photo51/config/node.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExperimentConfigs : public ::testing::Test {
 protected:
  ExperimentConfigs() { cohort_.config(); }
  std::filesystem::path write(const std::string& text) const {
    std::ofstream(cohort_ / "mine.yaml") << "extends: config.yaml\n" << text;
    return cohort_ / "mine.yaml";
  }
  std::string told(const std::string& text) const {
    testing::internal::CaptureStderr();
    read_experiment(write(text));
    return testing::internal::GetCapturedStderr();
  }

  test::TabularCohort cohort_;
};

TEST_F(ExperimentConfigs, EmptyAndUnknownKeysAreErrors) {
  PHOTO51_EXPECT_ERROR(read_experiment(write("train:\n")), usage,
                       HasSubstr("mine.yaml:2: `train` has no value"));
  PHOTO51_EXPECT_ERROR(read_experiment(write("evaluat:\n")), usage,
                       HasSubstr("mine.yaml:2: `evaluat` has no value"));
  PHOTO51_EXPECT_ERROR(read_experiment(write("evaluat: null\n")), usage,
                       HasSubstr("evaluat: unknown key (did you mean `evaluate`?)"));
  PHOTO51_EXPECT_ERROR(read_experiment(write(""), {"train.epohcs=null"}), usage,
                       HasSubstr("train.epohcs: unknown key"));
  PHOTO51_EXPECT_ERROR(read_experiment(write("train: {optimizer: {lr: 0,001}}\n")), usage,
                       HasSubstr("write 0.001"));
  PHOTO51_EXPECT_ERROR(read_experiment(write(""), {"train.optimizer.lr=0,001"}), usage,
                       HasSubstr("write its decimals with a point"));
  for (const std::string number : {"inf", "nan"})
    PHOTO51_EXPECT_ERROR(read_experiment(write(""), {"train.optimizer.lr=" + number}), usage,
                         HasSubstr("must be a finite number, not " + number));
}

TEST_F(ExperimentConfigs, NullGivesTheDefaultsBack) {
  EXPECT_EQ(read_experiment(write("")).train.epochs, 25);
  EXPECT_EQ(read_experiment(write("train: {epochs: null}\n")).train.epochs, TrainOptions{}.epochs);
  EXPECT_EQ(read_experiment(write(""), {"train.epochs=~"}).train.epochs, TrainOptions{}.epochs);
  EXPECT_EQ(read_experiment(write("train: ~\n")).train.batch_size, TrainOptions{}.batch_size);
  EXPECT_EQ(read_experiment(write("model: {heads: {y: null}}\n")).pipeline.model.heads.size(), 2U);
  PHOTO51_EXPECT_ERROR(read_experiment(write("model: {heads: {z: null}}\n")), usage,
                       HasSubstr("model.heads.z: there is nothing of this name to take away"));
}

TEST_F(ExperimentConfigs, AnInputWithoutAnEncoderIsTold) {
  EXPECT_THAT(told("inputs: {ct: {modality: clinical, columns: [x1]}}\n"),
              AllOf(HasSubstr("mine.yaml: input ct has no encoder"), HasSubstr("warning")));
  EXPECT_EQ(told(""), "");
}

TEST_F(ExperimentConfigs, HeadsNameWordsAndUnits) {
  const auto read = [&](const std::string& head) {
    const auto options = read_experiment(write("model: {heads: {os: " + head + "}}\n")).pipeline.model;
    return model::label_specs(options).back();
  };
  const auto spec = read("{task: survival, positive: [Dead, Died], negative: Alive, time_unit: months}");
  EXPECT_EQ(spec.positive, (std::vector<std::string>{"Dead", "Died"}));
  EXPECT_EQ(spec.negative, std::vector<std::string>{"Alive"});
  EXPECT_EQ(spec.time_unit, "months");
  EXPECT_TRUE(read("{positive: ''}").positive.empty()) << "as older configs say it";
  PHOTO51_EXPECT_ERROR(read("{negative: a}"), usage, HasSubstr("negative: needs `positive`"));
  PHOTO51_EXPECT_ERROR(read("{positive: a, negative: [b, a]}"), usage, HasSubstr("`a` is in `positive` too"));
  PHOTO51_EXPECT_ERROR(
      read("{task: regression, positive: a}"), usage,
      HasSubstr("positive: unknown key where `task` is `regression`; it belongs to binary, survival"));
  PHOTO51_EXPECT_ERROR(
      read("{task: regression, time_unit: years}"), usage,
      HasSubstr("time_unit: unknown key where `task` is `regression`; it belongs to survival"));
  PHOTO51_EXPECT_ERROR(read("{time_unit: weeks}"), usage, HasSubstr("it takes days, months, years"));
}

/// As runs of earlier versions have it.
TEST_F(ExperimentConfigs, ARunsConfigMayNameKeysOfOtherTasks) {
  auto experiment = read_experiment(write(""));
  config::Node document = config::parse_yaml(to_yaml(experiment), "config.yaml");
  for (auto& [name, head] : document.find("model")->find("heads")->entries)
    head.set("genes", config::Node::sequence());
  std::ofstream(cohort_ / "run.yaml") << config::to_yaml(document);
  auto again = read_run_experiment(cohort_ / "run.yaml");
  EXPECT_EQ(to_yaml(again), to_yaml(experiment));
  PHOTO51_EXPECT_ERROR(read_experiment(cohort_ / "run.yaml"), usage,
                       HasSubstr("genes: unknown key where `task` is `"));
}

TEST_F(ExperimentConfigs, AHeadTellsWhatItSees) {
  const auto options =
      read_experiment(
          write("model: {heads: {idh: {inputs: [table], estimator: elastic_net},"
                " again: {task: binary, label: idh, inputs: [table], estimator: kernel_ridge},"
                " both: {task: binary, label: idh, estimator: {name: stack, heads: [idh, again]}}}}\n"))
          .pipeline.model;
  for (const auto& spec : model::label_specs(options)) {
    EXPECT_EQ(spec.inputs.empty(), spec.column != "idh") << spec.head << ": a stack sees what its heads see";
    for (const auto& input : spec.inputs) EXPECT_EQ(input, "table");
  }
}

}  // namespace
}  // namespace photo51::training
