// Trains a model on expression tables by a loop of one's own, with an objective of one's own: the heads'
// losses and a penalty on large embeddings. The Trainer would drive the same objective.
#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <photo51/core/error.hpp>
#include <photo51/data/load/for_each_batch.hpp>
#include <photo51/data/modality/omics.hpp>
#include <photo51/data/options/inputs.hpp>
#include <photo51/data/split/split.hpp>
#include <photo51/phantom/phantom.hpp>
#include <photo51/radiogenomics/heads/options.hpp>
#include <photo51/radiogenomics/options.hpp>
#include <photo51/training/objectives/objective.hpp>
#include <photo51/training/optim/optimizer.hpp>
#include <photo51/training/options.hpp>

#include <cstdio>

using namespace photo51;

namespace {

class SmallEmbeddings final : public training::Objective {
 public:
  std::vector<training::Term> terms(model::Model& model, const data::Batch& batch,
                                    const training::StepContext& context) override {
    const model::Outputs outputs = training::forward(model, batch, context);
    std::vector<training::Term> terms = training::supervised_terms(model, outputs, batch);
    training::Term penalty;
    penalty.name = "embedding";
    penalty.per_case = outputs.fused.square().mean(1);
    penalty.sum = penalty.per_case.sum();
    penalty.count = batch.size();
    penalty.weight = 0.01;
    terms.push_back(penalty);
    return terms;
  }
};

}  // namespace

int main() try {
  const auto folder = std::filesystem::temp_directory_path() / "photo51_own_loop";
  std::filesystem::remove_all(folder);
  phantom::PhantomOptions patients;
  patients.patients = 24;
  patients.modalities = {"expression"};
  patients.missing_expression = 0;  // a batch is made of cases that have an input
  phantom::write_phantom(patients, folder / "cohort");

  data::CohortOptions manifest;
  manifest.manifest = folder / "cohort" / "cohort.csv";
  data::OmicsOptions genes;
  genes.table = "expression";
  const data::Inputs inputs{{"genes", data::input(genes)}};
  model::ModelOptions options;
  options.encoders = {{"genes", config::choose<radiogenomics::SnnOptions>("snn", {.hidden = {8}})}};
  options.heads = {{"genotype", radiogenomics::head(radiogenomics::BinaryHeadOptions{})}};

  const data::Cohort cohort(manifest, inputs, model::label_specs(options));
  const data::Split split = data::split_cohort(cohort, manifest.split);
  const auto& train = split.folds.front().train;
  const data::FittedTransforms fitted = data::fit(cohort, train);
  const data::CaseLoader cases(cohort, fitted);

  at::manual_seed(1);
  model::Model model(options, data::input_info(inputs, fitted), cohort.labels());
  model.fit_heads(cohort, train);
  std::vector<training::OptimizedParameter> parameters;
  for (const auto& entry : model.named_parameters()) parameters.push_back({entry.key(), entry.value()});
  const auto optimizer =
      training::make_optimizer(config::choose<training::AdamWOptions>("adamw", {.lr = 0.01}), parameters);

  SmallEmbeddings objective;
  model.train();
  for (int64_t epoch = 0; epoch < 5; ++epoch) {
    data::BatchPass pass;
    pass.rows = train;
    pass.key.epoch = epoch;
    training::StepContext context;
    context.epoch = epoch;
    double loss_sum = 0;
    data::for_each_batch(cohort, cases, fitted, pass, [&](const data::Batch& batch) {
      const at::Tensor loss = training::total_loss(objective.terms(model, batch, context));
      optimizer->zero_grad();
      loss.backward();
      optimizer->step(optimizer->base_lr());
      loss_sum += loss.item<double>();
      ++context.step;
      return true;
    });
    std::printf("epoch %d: loss %.3f\n", static_cast<int>(epoch + 1),
                loss_sum / static_cast<double>(context.step));
  }
  return 0;
} catch (const core::Error& error) {
  std::fprintf(stderr, "own_loop: %s\n", error.what());
  return 1;
}
