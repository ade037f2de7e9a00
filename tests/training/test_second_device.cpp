#include <gtest/gtest.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>

#include "photo51/config/read.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/training/loop/trainer.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "photo51/training/options.hpp"
#include "support/second_device.hpp"
#include "tabular_cohort.hpp"
#include "training/loop/estimators.hpp"
#include "training/optim/ema.hpp"

namespace photo51::training {
namespace {

const std::string options_text = R"(
encoders:
  mri: {name: conv_net, widths: [4, 6], norm: group}
  us: {name: resnet, depth: 18, dims: 2, width: 4, bag_pool: gated_abmil}
  genes: {name: snn, hidden: [8], dropout: 0}
fusion: {name: gated, width: 5}
heads:
  idh: {task: binary, class_weights: inverse}
  cluster: {task: multiclass, classes: [a, b, c]}
  age: {task: regression}
  os: {task: survival}
  pfs: {task: survival, loss: discrete_nll, bins: 3}
)";

data::Batch some_batch() {
  at::manual_seed(3);
  constexpr int64_t size = 6;
  data::Batch batch;
  const at::Tensor all = at::ones({size}, at::kBool);
  at::Tensor some = all.clone();
  some[2] = false;
  batch.inputs["mri"] = {at::randn({size, 2, 4, 8, 8}), some.clone(), at::ones({size, 2}, at::kBool)};
  batch.inputs["genes"] = {at::randn({size, 10}), some.flip(0), {}};
  const at::Tensor offsets = at::tensor({0, 2, 3, 5, 6, 7, 9}, at::kLong);
  batch.inputs["us"] = {at::randn({9, 3, 32, 32}), all.clone(), at::ones({size, 1}, at::kBool), offsets,
                        at::zeros({9}, at::kLong)};
  const at::Tensor row = at::arange(size, at::kFloat);
  for (const auto& head : {"idh", "cluster", "age", "os", "pfs"})
    batch.labels[head] = {row.clone(), at::ones({size}, at::kBool), some.clone()};
  batch.labels["idh"].value = row.remainder(2);
  batch.labels["cluster"].value = row.remainder(3);
  for (int64_t i = 0; i < size; ++i) batch.cases.push_back("P" + std::to_string(i));
  return batch;
}

struct Trained {
  std::vector<double> losses;
  std::map<std::string, at::Tensor> weights, averages, moments, predictions;
};

/// The model of `options_text` on a device, its heads fitted to the batch.
std::shared_ptr<model::Model> model_on(const at::Device& device, const data::Batch& batch) {
  model::ModelOptions options;
  config::read(config::parse_yaml(options_text, "model.yaml"), options);
  const std::map<std::string, data::InputInfo> inputs{
      {"mri", {.image = true, .channels = 2, .dims = 3, .size = {4, 8, 8}, .features = {}}},
      {"us",
       {.image = true, .channels = 3, .dims = 2, .size = {32, 32}, .features = {}, .bag = true, .views = 1}},
      {"genes", {.image = false, .channels = 10, .dims = 3, .size = {}, .features = {}}}};
  at::manual_seed(1);
  auto model = std::make_shared<model::Model>(options, inputs, model::label_specs(options));
  for (const auto& [head, labels] : batch.labels) model->fit_head(head, labels);
  model->move_to(device);
  return model;
}

/// Some steps on a device, the last ones after optimiser and weights were written and read.
Trained trained(const at::Device& device, const config::Choice& choice) {
  const data::Batch batch = some_batch();
  const auto model = model_on(device, batch);
  std::vector<OptimizedParameter> parameters;
  for (const auto& entry : model->named_parameters()) parameters.push_back({entry.key(), entry.value()});
  const auto state = [&] {
    const auto of = nn::state_of(*model);
    return NamedTensors(of.begin(), of.end());
  };
  ExponentialMovingAverage average(0.9, state());
  auto optimizer = make_optimizer(choice, parameters);
  Trained result;
  model->train();
  model->set_modality_dropout(0.3);
  for (int step = 0; step < 4; ++step) {
    at::manual_seed(static_cast<uint64_t>(step));
    if (step == 2) {
      std::map<std::string, at::Tensor> stored;
      for (const auto& [name, tensor] : optimizer->state()) stored[name] = tensor.cpu().clone();
      optimizer = make_optimizer(choice, parameters);
      optimizer->load(stored);
      nn::Tensors weights;
      for (const auto& [name, tensor] : state()) weights[name] = tensor.detach().cpu().clone();
      nn::load_state(*model, weights, "weights");
    }
    optimizer->zero_grad();
    const at::Tensor loss = model->loss(model->forward(batch), batch);
    EXPECT_EQ(loss.device(), device);
    result.losses.push_back(loss.item<double>());
    loss.backward();
    std::vector<at::Tensor> tensors;
    for (const auto& entry : parameters)
      if (entry.tensor.grad().defined()) tensors.push_back(entry.tensor);
    torch::nn::utils::clip_grad_norm_(tensors, 1);
    optimizer->step(optimizer->base_lr());
    average.update(state());
  }
  model->eval();
  const at::NoGradGuard no_grad;
  for (const auto& [head, tensor] : model->predict(model->forward(batch)))
    result.predictions[head] = head == "os" ? (tensor - tensor.mean()).cpu() : tensor.cpu();
  for (const auto& [name, tensor] : state()) {
    EXPECT_EQ(tensor.device(), device) << name;
    result.weights[name] = tensor.detach().cpu();
  }
  for (const auto& [name, tensor] : average.state()) result.averages[name] = tensor.cpu();
  for (const auto& [name, tensor] : optimizer->state()) result.moments[name] = tensor.cpu();
  return result;
}

/// But for what has no gradient, the constants of a softmax and of a hazard, which rounding alone moves.
void expect_same(const std::map<std::string, at::Tensor>& one,
                 const std::map<std::string, at::Tensor>& other) {
  ASSERT_EQ(one.size(), other.size());
  for (const auto& [name, tensor] : one) {
    if (name.find("attention_w.bias") != std::string::npos ||
        name.find("os.linear.bias") != std::string::npos)
      continue;
    EXPECT_TRUE(at::allclose(tensor, other.at(name), 1e-3, 1e-5)) << name;
  }
}

class SecondDevice : public testing::TestWithParam<std::string> {};

TEST_P(SecondDevice, TrainsAsTheCpuDoes) {
  const config::Choice choice = config::default_choice(optimizers().components(), GetParam());
  const Trained cpu = trained(at::kCPU, choice), second = trained(test::second_device(), choice);
  for (size_t step = 0; step < cpu.losses.size(); ++step)
    EXPECT_NEAR(cpu.losses[step], second.losses[step], 1e-4);
  expect_same(cpu.weights, second.weights);
  expect_same(cpu.averages, second.averages);
  expect_same(cpu.moments, second.moments);
  expect_same(cpu.predictions, second.predictions);
}
INSTANTIATE_TEST_SUITE_P(Optimizers, SecondDevice, testing::Values("adamw", "sgd"));

/// A member from its training to its predictions, with validation, checkpoints, averages and an estimator.
std::vector<model::Prediction> said_by(const std::string& device) {
  const test::TabularCohort files;
  files.config("ema: 0.9, modality_dropout: 0.2, precision: fp32",
               "idh: {task: binary}, y: {task: regression}, os: {task: survival}, "
               "ridge: {task: binary, label: idh, estimator: {name: elastic_net, l1_ratio: 0, lambda: 0.1}}");
  ExperimentOptions experiment =
      read_experiment(files / "config.yaml", {"train.epochs=3", "train.device=" + device});
  const data::Cohort cohort(experiment.pipeline.cohort, experiment.pipeline.inputs,
                            model::label_specs(experiment.pipeline.model));
  const data::Split split = data::split_cohort(cohort, experiment.pipeline.cohort.split);
  const auto& rows = split.folds.front();
  const data::FittedTransforms fitted = data::fit(cohort, rows.train);
  const data::CaseLoader cases(cohort, fitted);
  std::vector<std::string> log;
  const TrainingJob job{experiment,
                        cohort,
                        "training",
                        0,
                        0,
                        rows.train,
                        rows.validation,
                        files / "member",
                        [&](const std::string& line) { log.push_back(line); },
                        [] { return false; },
                        [](int64_t, const std::string& why) { ADD_FAILURE() << why; }};
  inference::TrainedModel member = train_model(job, fitted, cases);
  fit_estimators(member, job, cases);
  EXPECT_EQ(log.size(), 3U);
  return inference::predict(member, cohort, cases, rows.validation, pass_options(job));
}

TEST(SecondDeviceMember, SaysWhatOneOfTheCpuSays) {
  const auto cpu = said_by("cpu"), second = said_by(test::second_device().str());
  ASSERT_EQ(cpu.size(), second.size());
  ASSERT_GT(cpu.size(), 100U);
  for (size_t i = 0; i < cpu.size(); ++i) {
    EXPECT_EQ(cpu[i].case_id + cpu[i].head, second[i].case_id + second[i].head);
    EXPECT_NEAR(cpu[i].value, second[i].value, 2e-3) << cpu[i].case_id << " " << cpu[i].head;
  }
}

/// Which cases have what is known on the host, so a step waits for no answer of the device.
TEST(SecondDeviceModel, AsksTheDeviceForNothingInAStep) {
  const data::Batch batch = some_batch();
  const auto model = model_on(test::second_device(), batch);
  model->train();
  model->set_modality_dropout(0.3);
  const auto step = [&] {
    const int64_t before = test::times_asked();
    model->loss(model->forward(batch), batch).backward();
    return test::times_asked() - before;
  };
  step();  // the bounds of the time bins are looked at once
  EXPECT_EQ(step(), 0);
  EXPECT_EQ(step(), 0);
}

/// Else the tests above would pass whatever the code does.
TEST(SecondDeviceItself, RefusesTensorsOfTwoDevices) {
  const at::Tensor here = at::ones({2}), there = at::ones({2}).to(test::second_device());
  EXPECT_THROW(here + there, c10::Error);
  EXPECT_EQ((there + 1).cpu().sum().item<double>(), 4);
  const int64_t before = test::times_asked();
  EXPECT_EQ(there.sum().item<double>(), 2);
  EXPECT_EQ((there > 0).nonzero().size(0), 2);
  EXPECT_EQ(test::times_asked() - before, 2);
}

}  // namespace
}  // namespace photo51::training
