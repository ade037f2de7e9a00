// Runs whose heads have estimators: alone, beside a network, stacked.
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/earlier_states.hpp"
#include "support/errors.hpp"
#include "support/states.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::training {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const std::string identity_encoder = "model.encoders.table={name: identity}";
const std::string three_heads =
    "idh: {task: binary, estimator: elastic_net}, y: {task: regression, estimator: elastic_net}, "
    "os: {task: survival, estimator: elastic_net}";

TEST(Estimators, LearnWithoutSteps) {
  const test::TabularCohort cohort;
  cohort.config("", three_heads);
  const auto run = cohort.run("run", {identity_encoder});
  EXPECT_GT(test::metric(run, "idh", "auroc"), 0.95);
  EXPECT_GT(test::metric(run, "y", "r2"), 0.95);
  EXPECT_GT(test::metric(run, "os", "c_index"), 0.9);
  EXPECT_FALSE(std::filesystem::exists(run / "checkpoints/fold_0/last.safetensors"));
  const auto selected = nlohmann::json::parse(core::read_file(run / "checkpoints/fold_0/selected.json"));
  EXPECT_EQ(selected["idh"], (std::vector<std::string>{"table.x1", "table.x2", "table.x3"}));
}

TEST(Estimators, SelectInTheFold) {
  const test::TabularCohort cohort;
  cohort.config("",
                "idh: {task: binary, estimator: random_forest, feature_selection: [{name: mrmr, keep: 1}]}");
  const auto run = cohort.run("run", {identity_encoder});
  EXPECT_EQ(core::read_file(run / "checkpoints/fold_1/selected.json"),
            "{\n \"idh\": [\n  \"table.x1\"\n ]\n}\n");
  EXPECT_GT(test::metric(run, "idh", "auroc"), 0.95);
}

TEST(Estimators, StandBesideANetworkAndSeeItsEmbedding) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary}, again: {task: binary, label: idh, estimator: elastic_net}");
  const auto run = cohort.run("run");
  EXPECT_GT(test::metric(run, "idh", "auroc"), 0.9);
  EXPECT_GT(test::metric(run, "again", "auroc"), 0.9);
  const auto selected = nlohmann::json::parse(core::read_file(run / "checkpoints/fold_0/selected.json"));
  EXPECT_THAT(selected["again"][0].get<std::string>(), ::testing::StartsWith("table."));
}

TEST(Estimators, PredictAsTheRunDid) {
  const test::TabularCohort cohort;
  cohort.config("",
                three_heads +
                    ", stacked: {task: binary, label: idh, estimator: {name: stack, heads: [idh, trees], "
                    "folds: 3}}, trees: {task: binary, label: idh, estimator: boosted_trees}",
                "by: site, hold_out: [C], folds: 2, seed: 1");
  const auto run = cohort.run("run", {identity_encoder});
  EXPECT_GT(test::metric(run, "stacked", "auroc"), 0.9);
  const inference::Predictor predictor(run);
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = cohort.manifest();
  const data::Cohort cases(options, predictor.pipeline().inputs, predictor.labels(), false);
  std::vector<int64_t> test_rows;
  for (int64_t row = 0; row < cases.size(); ++row)
    if (cases.site(row) == "C") test_rows.push_back(row);
  const auto written = model::read_predictions(run / "predictions.csv");
  size_t compared = 0;
  for (const auto& one : predictor.predict(cases, test_rows, {}))
    for (const auto& other : written)
      if (one.case_id == other.case_id && one.head == other.head && one.class_name == other.class_name) {
        EXPECT_NEAR(one.value, other.value, 1e-6) << one.head;
        ++compared;
      }
  EXPECT_EQ(compared, 20U * (3 * 2 + 2));
}

TEST(Estimators, StackHeadsOfEveryTask) {
  const test::TabularCohort cohort;
  cohort.config("",
                "y: {task: regression, estimator: elastic_net}, y2: {task: regression, label: y}, "
                "ys: {task: regression, label: y, estimator: {name: stack, heads: [y, y2], folds: 2}}, "
                "os: {task: survival, estimator: kernel_ridge}, os2: {task: survival}, "
                "oss: {task: survival, estimator: {name: stack, heads: [os, os2], folds: 2}}, "
                "site: {task: multiclass, classes: [A, B, C], estimator: elastic_net}, "
                "site2: {task: multiclass, label: site, classes: [A, B, C], estimator: random_forest}, "
                "sites: {task: multiclass, label: site, classes: [A, B, C], estimator: {name: stack, heads: "
                "[site, site2], folds: 2}}");
  const auto run = cohort.run("run", {"train.epochs=15"});
  EXPECT_GT(test::metric(run, "ys", "r2"), 0.9);
  EXPECT_GT(test::metric(run, "oss", "c_index"), 0.85);
  EXPECT_TRUE(std::filesystem::exists(run / "checkpoints/fold_0/inner_2_of_2/last.safetensors"));
  // Probabilities of a stack of classes add up.
  std::map<std::string, double> sums;
  for (const auto& one : model::read_predictions(run / "predictions.csv"))
    if (one.head == "sites") sums[one.case_id] += one.value;
  ASSERT_EQ(sums.size(), 60U);
  for (const auto& [name, sum] : sums) EXPECT_NEAR(sum, 1, 1e-5);
}

/// An interrupted run ends with the same bytes, in the inner folds of a stack too.
TEST(Estimators, GoOnAfterAnInterruption) {
  const test::TabularCohort cohort;
  cohort.config(
      "",
      "idh: {task: binary}, linear: {task: binary, label: idh, estimator: elastic_net}, both: {task: binary, "
      "label: idh, estimator: {name: stack, heads: [idh, linear], folds: 2}}");
  const std::vector<std::string> short_run{"train.epochs=3"};
  const auto whole = cohort.run("whole", short_run);
  RunRequest request;
  for (const int64_t stop : {5, 9, 17}) {
    request.stop_after_steps = stop;
    EXPECT_THROW(cohort.run("stopped", short_run, request), core::Error);
    request.resume = true;
  }
  request.stop_after_steps = 0;
  const auto resumed = cohort.run("stopped", short_run, request);
  EXPECT_EQ(core::read_file(whole / "predictions.csv"), core::read_file(resumed / "predictions.csv"));
}

TEST(Estimators, KeepGroupsTogetherInside) {
  const test::TabularCohort cohort;
  cohort.config("", three_heads, "folds: 2, seed: 1, group: x1");
  EXPECT_GT(test::metric(cohort.run("run", {identity_encoder}), "y", "r2"), 0.9);
}

TEST(Estimators, RefuseAConfigThatCannotBe) {
  const test::TabularCohort cohort;
  const auto message = [&](const std::string& heads) {
    return message_of(core::Fault::usage, [&] {
      cohort.config("", heads);
      RunRequest request;
      request.overwrite = true;
      cohort.run("bad", {identity_encoder}, request);
    });
  };
  EXPECT_THAT(message("idh: {task: binary, inputs: [tabel], estimator: elastic_net}"),
              HasSubstr("there is no encoder `tabel` (did you mean `table`?)"));
  EXPECT_THAT(
      message("idh: {task: binary, estimator: {name: stack, heads: [idh, y]}}, y: {task: regression}"),
      HasSubstr("there is no head `idh` that is not itself a stack"));
  EXPECT_THAT(
      message("idh: {task: binary}, y: {task: regression}, s: {task: binary, label: idh, estimator: {name: "
              "stack, heads: [idh, y]}}"),
      HasSubstr("`y` predicts another label"));
  EXPECT_THAT(
      message("idh: {task: binary, estimator: {name: stack, heads: [y]}}, y: {task: binary, label: idh}"),
      HasSubstr("needs two heads or more"));
  EXPECT_THAT(message("idh: {task: binary, bootstrap_samples: 3}"),
              HasSubstr("belongs to a head with an `estimator`"));
  EXPECT_THAT(message("idh: {task: binary, feature_selection: [mrmr]}"),
              HasSubstr("belongs to a head with an `estimator`"));
  EXPECT_THAT(message("idh: {task: binary, estimator: elastic_net, label_smoothing: 0.1}"),
              HasSubstr("belongs to a head without an `estimator`"));
  EXPECT_THAT(message("os: {task: survival, estimator: elastic_net, loss: cox_efron}"),
              HasSubstr("is the estimator's own"));
  EXPECT_THAT(message("e: {task: expression, table: t.tsv, estimator: elastic_net}"),
              HasSubstr("estimator: unknown key where `task` is `expression`"));
  EXPECT_THAT(
      message("a: {task: binary, label: idh}, b: {task: binary, label: idh}, s: {task: binary, label: idh, "
              "feature_selection: [mrmr], estimator: {name: stack, heads: [a, b]}}"),
      HasSubstr("a stack weighs the heads"));
  EXPECT_THAT(
      message("a: {task: binary, label: idh}, b: {task: binary, label: idh}, s: {task: binary, label: idh, "
              "inputs: [table], estimator: {name: stack, heads: [a, b]}}"),
      HasSubstr("a stack sees the heads"));
  EXPECT_THAT(message("idh: {task: binary, estimator: elastic_nett}"), HasSubstr("`elastic_net`"));
}

/// What estimators learned was JSON in the metadata: such weights predict the same, and are written anew in
/// the form of today.
TEST(Estimators, OfAnEarlierVersionPredictTheSame) {
  const test::TabularCohort cohort;
  cohort.config("", three_heads +
                        ", trees: {task: binary, label: idh, estimator: {name: boosted_trees, rounds: 5}}"
                        ", kernel: {task: binary, label: idh, estimator: {name: kernel_ridge, components: 8}}"
                        ", both: {task: binary, label: idh, estimator: {name: stack, heads: [trees, kernel], "
                        "folds: 2}}");
  const auto run = cohort.run("run", {identity_encoder});
  const auto file = run / "checkpoints/fold_0/best.safetensors";
  const auto pipeline = inference::Predictor(run).pipeline();
  const nn::TensorFile today = nn::read_safetensors(file);
  test::make_earlier(file);
  const nn::TensorFile before = nn::read_safetensors(file);
  EXPECT_EQ(before.metadata.at("format"), "photo51 member 1");
  EXPECT_LT(before.tensors.size(), today.tensors.size());
  const auto member = inference::TrainedModel::load(file, pipeline);
  EXPECT_TRUE(test::equal(member.model->state(), today.tensors));
  member.save(cohort / "again.safetensors");
  EXPECT_TRUE(test::equal(nn::read_safetensors(cohort / "again.safetensors").tensors, today.tensors));

  auto stored = nn::read_safetensors(file);
  const auto refused = [&](const std::string& learners) {
    stored.metadata["learners"] = learners;
    nn::write_safetensors(file, stored.tensors, stored.metadata);
    return message_of(core::Fault::data, [&] { inference::TrainedModel::load(file, pipeline); });
  };
  EXPECT_THAT(refused("{"), HasSubstr("`learners`: is not valid JSON"));
  EXPECT_THAT(refused(R"({"idh": {}})"), HasSubstr("`learners.idh`: is not text"));
  EXPECT_THAT(refused(R"({"idh": "{}"})"),
              HasSubstr("head idh: what its estimator learned is broken: what was learned: lacks `learner`"));
}

TEST(Estimators, WeightsWithoutWhatTheyLearnedAreRefused) {
  const test::TabularCohort cohort;
  cohort.config("", "idh: {task: binary, estimator: elastic_net}");
  const auto run = cohort.run("run", {identity_encoder});
  const auto file = run / "checkpoints/fold_0/best.safetensors";
  auto stored = nn::read_safetensors(file);
  EXPECT_EQ(stored.metadata.at("format"), "photo51 member 2");
  EXPECT_FALSE(stored.metadata.contains("learners"));
  EXPECT_EQ(std::erase_if(stored.tensors, [](const auto& of) { return of.first.starts_with("heads.idh."); }),
            8U);
  nn::write_safetensors(file, stored.tensors, stored.metadata);
  const auto message = message_of(core::Fault::data, [&] { inference::Predictor predictor(run); });
  EXPECT_THAT(message, HasSubstr("best.safetensors"));
  EXPECT_THAT(message, HasSubstr("head idh: the weights hold nothing that its estimator learned"));
}

}  // namespace
}  // namespace photo51::training
