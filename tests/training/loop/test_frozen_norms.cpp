// Batch norms that are frozen, while the rest of the model trains.
#include "training/loop/frozen_norms.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/data/split/split.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/training/loop/trainer.hpp"
#include "training/image_cohort.hpp"

namespace photo51::training {
namespace {

TEST(FrozenNorms, KeepTheirStatistics) {
  const auto root = std::make_shared<torch::nn::Module>();
  const auto frozen = root->register_module("frozen", std::make_shared<nn::BatchNorm>(2));
  const auto half = root->register_module("half", std::make_shared<nn::BatchNorm>(2));
  frozen->weight.requires_grad_(false);
  frozen->bias.requires_grad_(false);
  half->bias.requires_grad_(false);
  root->train();
  hold_frozen_norms(*root);
  EXPECT_FALSE(frozen->is_training());
  EXPECT_TRUE(half->is_training());
  const at::Tensor x = at::randn({5, 2, 3}) + 2;
  frozen->forward(x);
  half->forward(x);
  EXPECT_TRUE(at::equal(frozen->running_mean, at::zeros({2})));
  EXPECT_FALSE(at::equal(half->running_mean, at::zeros({2})));
}

/// Notes the sum of all running means of the encoder before each step.
class StatisticsNotes final : public Objective {
 public:
  std::vector<Term> terms(model::Model& model, const data::Batch& batch,
                          const StepContext& context) override {
    double sum = 0;
    for (const auto& entry : model.named_buffers())
      if (entry.key().starts_with("encoders.mri.") && entry.key().ends_with("running_mean"))
        sum += entry.value().sum().item<double>();
    means[context.stage].push_back(sum);
    return supervised_->terms(model, batch, context);
  }
  std::map<int64_t, std::vector<double>> means;  ///< by stage

 private:
  std::unique_ptr<Objective> supervised_ = make_objective(config::choose("supervised"));
};

TEST(FrozenNorms, GoOnWhenTheStageThatFreezesThemIsOver) {
  const test::ImageCohort files;
  ExperimentOptions experiment =
      read_experiment(files / "config.yaml",
                      {"train.epochs=null", "train.batch_size=2",
                       "train.stages={heads: {epochs: 2, frozen: \"encoders.mri.*\"}, all: {epochs: 2}}"});
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
                        files / "member",
                        [](const std::string&) {},
                        [] { return false; },
                        [](int64_t, const std::string&) {}};
  const data::FittedTransforms fitted = data::fit(cohort, rows);
  const data::CaseLoader cases(cohort, fitted);
  StatisticsNotes notes;
  const auto sync = no_gradient_sync();
  Trainer(job, fresh_model(job, fitted), cases, notes, *sync).run();
  const auto& heads = notes.means[0];
  const auto& all = notes.means[1];
  ASSERT_GE(heads.size(), 4U);
  EXPECT_THAT(heads, ::testing::Each(heads.front()));
  EXPECT_EQ(all.front(), heads.front());
  EXPECT_NE(all.back(), heads.front());
}

}  // namespace
}  // namespace photo51::training
