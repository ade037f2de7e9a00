// How images and weights lie in memory while a model trains.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/core/files.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/training/loop/trainer.hpp"
#include "support/errors.hpp"
#include "training/image_cohort.hpp"

namespace photo51::training {
namespace {

bool lies_channels_last(const model::Model& model) {
  const at::Tensor weight = model.named_parameters()["encoders.mri.backbone.layer1.0.conv1.weight"];
  const bool last = weight.is_contiguous(at::MemoryFormat::ChannelsLast3d);
  EXPECT_NE(last, weight.is_contiguous());
  return last;
}

/// Notes how the weights lie in each step.
class LayoutNotes final : public Objective {
 public:
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    channels_last.push_back(lies_channels_last(model));
    return supervised_->terms(model, batch, context);
  }
  std::vector<bool> channels_last;

 private:
  std::unique_ptr<Objective> supervised_ = make_objective(config::choose("supervised"));
};

TEST(MemoryFormats, ThatOfTheWeightsWhileTheyTrain) {
  const struct {
    const char *precision, *memory_format;
    bool channels_last;
  } wanted[] = {{"fp32", "auto", false},
                {"bf16", "auto", true},
                {"fp32", "channels_last", true},
                {"bf16", "contiguous", false}};
  const test::ImageCohort files;
  for (const auto& [precision, memory_format, channels_last] : wanted) {
    ExperimentOptions experiment = read_experiment(
        files / "config.yaml",
        {std::string("train.precision=") + precision, std::string("train.memory_format=") + memory_format});
    experiment.train.device = "cpu";
    const auto& pipeline = experiment.pipeline;
    const data::Cohort cohort(pipeline.cohort, pipeline.inputs, model::label_specs(pipeline.model));
    const auto rows = data::split_cohort(cohort, pipeline.cohort.split).folds.front().train;
    const TrainingJob job{experiment,
                          cohort,
                          "training",
                          0,
                          0,
                          rows,
                          {},
                          files / (std::string(precision) + memory_format),
                          [](const std::string&) {},
                          [] { return false; },
                          [](int64_t, const std::string&) {}};
    const auto fitted = data::fit(cohort, rows);
    const data::CaseLoader cases(cohort, fitted);
    LayoutNotes objective;
    const auto sync = no_gradient_sync();
    const auto trained = Trainer(job, fresh_model(job, fitted), cases, objective, *sync).run();
    EXPECT_THAT(objective.channels_last, ::testing::Each(channels_last)) << precision << memory_format;
    EXPECT_FALSE(objective.channels_last.empty());
    EXPECT_FALSE(lies_channels_last(*trained.model));
  }
}

/// Files hold weights and moments one channel after the other, whatever the layout.
TEST(MemoryFormats, ResumeToTheSameBytes) {
  const test::ImageCohort cohort;
  const std::vector<std::string> overrides{"train.memory_format=channels_last", "train.epochs=3",
                                           "train.checkpoint_every=0", "train.ema=0.9"};
  const auto whole = cohort.run(overrides, "whole");
  RunRequest request;
  for (const int64_t steps : {3, 2}) {
    request.stop_after_steps = steps;
    PHOTO51_EXPECT_ERROR(cohort.run(overrides, "stopped", request), interrupted,
                         ::testing::HasSubstr("--resume"));
    request.resume = true;
  }
  request.stop_after_steps = 0;
  const auto stopped = cohort.run(overrides, "stopped", request);
  for (const char* file :
       {"predictions.csv", "checkpoints/fold_0/best.safetensors", "checkpoints/fold_1/best.safetensors"})
    EXPECT_EQ(core::read_file(stopped / file), core::read_file(whole / file)) << file;
}

}  // namespace
}  // namespace photo51::training
