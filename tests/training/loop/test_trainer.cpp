#include "photo51/training/loop/trainer.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "photo51/data/split/split.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The first of two folds: 30 cases in batches of 8, so 4 an epoch, the last of 6.
class Training : public ::testing::Test {
 protected:
  void prepare(const std::string& train, const std::vector<std::string>& overrides) {
    files_.config(train, "y: {task: regression}");
    experiment_ = read_experiment(files_ / "config.yaml", overrides);
    experiment_.train.device = "cpu";
    cohort_ = std::make_unique<data::Cohort>(experiment_.pipeline.cohort, experiment_.pipeline.inputs,
                                             model::label_specs(experiment_.pipeline.model));
    const auto split = data::split_cohort(*cohort_, experiment_.pipeline.cohort.split);
    job_ = std::make_unique<TrainingJob>(TrainingJob{experiment_,
                                                     *cohort_,
                                                     "training",
                                                     0,
                                                     0,
                                                     split.folds.front().train,
                                                     {},
                                                     files_ / "member",
                                                     [](const std::string&) {},
                                                     [] { return false; },
                                                     [](int64_t, const std::string&) {}});
    ASSERT_EQ(job_->train.size(), 30U);
    fitted_ = data::fit(*cohort_, job_->train);
    cases_ = std::make_unique<data::CaseLoader>(*cohort_, fitted_);
  }
  /// Parameters by name.
  static std::map<std::string, at::Tensor> weights(const inference::TrainedModel& model) {
    std::map<std::string, at::Tensor> found;
    for (const auto& entry : model.model->named_parameters())
      found[entry.key()] = entry.value().detach().clone();
    return found;
  }
  /// Whether training has moved the encoder, and the head.
  std::pair<bool, bool> moved() {
    const auto before = weights(fresh_model(*job_, fitted_));
    const auto after = weights(train_model(*job_, fitted_, *cases_));
    bool encoder = false, head = false;
    for (const auto& [name, tensor] : after) {
      const bool differs = !at::equal(tensor, before.at(name));
      (name.starts_with("encoders.") ? encoder : head) |= differs;
    }
    return {encoder, head};
  }

  test::TabularCohort files_;
  ExperimentOptions experiment_;
  std::unique_ptr<data::Cohort> cohort_;
  std::unique_ptr<TrainingJob> job_;
  data::FittedTransforms fitted_;
  std::unique_ptr<data::CaseLoader> cases_;
};

/// Writes down what it is asked, and by which steps.
class Recorder final : public GradientSync, public Objective {
 public:
  Recorder() : supervised_(make_objective(config::choose("supervised"))) {}
  void attach(model::Model&) override { calls.emplace_back("attach"); }
  void before_forward() override { calls.emplace_back("forward"); }
  void before_backward(const at::Tensor& loss, bool last) override {
    EXPECT_TRUE(loss.requires_grad());
    calls.emplace_back(last ? "backward last" : "backward");
  }
  void finish() override { calls.emplace_back("finish"); }
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    EXPECT_TRUE(context.training && model.is_training());
    steps.push_back({context.epoch, context.step, context.stage});
    return supervised_->terms(model, batch, context);
  }

  std::vector<std::string> calls;
  std::vector<std::vector<int64_t>> steps;

 private:
  std::unique_ptr<Objective> supervised_;
};

TEST_F(Training, SynchronisesInOrder) {
  prepare("accumulate: 3", {"train.epochs=1"});
  Recorder recorder;
  Trainer(*job_, fresh_model(*job_, fitted_), *cases_, recorder, recorder).run();
  EXPECT_THAT(recorder.calls, ElementsAre("attach", "forward", "backward", "forward", "backward", "forward",
                                          "backward last", "finish", "forward", "backward last", "finish"));
}

TEST_F(Training, TellsTheObjectiveWhereItIs) {
  prepare("stages: {a: {epochs: 1}, b: {epochs: 2}}", {});
  Recorder recorder;
  Trainer(*job_, fresh_model(*job_, fitted_), *cases_, recorder, recorder).run();
  ASSERT_EQ(recorder.steps.size(), 12U);
  EXPECT_THAT(recorder.steps[3], ElementsAre(0, 3, 0));
  EXPECT_THAT(recorder.steps[4], ElementsAre(1, 0, 1));
  EXPECT_THAT(recorder.steps[11], ElementsAre(2, 3, 1));
}

TEST_F(Training, AnObjectiveOfOnesOwnAndNoneAreTheConfigs) {
  prepare("", {"train.epochs=2"});
  const auto by_config = weights(train_model(*job_, fitted_, *cases_));
  std::filesystem::remove_all(job_->folder);
  Recorder recorder;
  const auto by_hand =
      weights(Trainer(*job_, fresh_model(*job_, fitted_), *cases_, recorder, recorder).run());
  for (const auto& [name, tensor] : by_config) EXPECT_TRUE(at::equal(tensor, by_hand.at(name))) << name;
}

TEST_F(Training, AFrozenGroupDoesNotMoveUntilItsEpoch) {
  prepare("parameter_groups: {encoder: {match: \"encoders.*\", frozen_until: 2}}", {"train.epochs=2"});
  EXPECT_EQ(moved(), std::make_pair(false, true));
  std::filesystem::remove_all(job_->folder);
  experiment_.train.epochs = 3;
  EXPECT_EQ(moved(), std::make_pair(true, true));
  for (const auto& parameter : train_model(*job_, fitted_, *cases_).model->parameters())
    EXPECT_TRUE(parameter.requires_grad()) << "what is handed on is not frozen";
}

TEST_F(Training, AScaleOfNoneStandsStill) {
  prepare("parameter_groups: {head: {match: \"heads.*\", lr_scale: 0}}", {"train.epochs=1"});
  EXPECT_EQ(moved(), std::make_pair(true, false));
}

TEST_F(Training, AStageFreezesItsOwn) {
  prepare("stages: {warm: {epochs: 2, frozen: \"encoders.*\"}}", {});
  EXPECT_EQ(moved(), std::make_pair(false, true));
}

TEST_F(Training, APatternThatMatchesNothingIsNamed) {
  prepare("stages: {warm: {frozen: \"encoder.*\"}}", {});
  PHOTO51_EXPECT_ERROR(
      train_model(*job_, fitted_, *cases_), usage,
      AllOf(HasSubstr("train.stages.warm.frozen: `encoder.*`"), HasSubstr("did you mean `encoders.*`")));
}

TEST(Stages, ResumeToTheSameBytesAcrossThem) {
  const test::TabularCohort cohort;
  cohort.config(
      "checkpoint_every: 0, parameter_groups: {head: {match: \"heads.*\", lr_scale: 0.5}}, stages: {warm: "
      "{epochs: 1, frozen: \"encoders.*\"}, all: {epochs: 2, optimizer: {name: sgd, lr: 0.01}, schedule: "
      "constant}}",
      "y: {task: regression}");
  const auto whole = cohort.run("whole");
  RunRequest request;
  // In the first stage, at its end, and in the second.
  for (const int64_t steps : {2, 2, 3}) {
    request.stop_after_steps = steps;
    PHOTO51_EXPECT_ERROR(cohort.run("stopped", {}, request), interrupted, HasSubstr("--resume"));
    request.resume = true;
  }
  request.stop_after_steps = 0;
  const auto stopped = cohort.run("stopped", {}, request);
  for (const char* file : {"predictions.csv", "metrics.csv", "checkpoints/fold_0/best.safetensors",
                           "checkpoints/fold_1/best.safetensors"})
    EXPECT_EQ(core::read_file(stopped / file), core::read_file(whole / file)) << file;
}

}  // namespace
}  // namespace photo51::training
