#include "photo51/inference/case_result.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "inference/collect.hpp"
#include "photo51/inference/predictor.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::inference {
namespace {

using ::testing::ElementsAre;

TEST(CaseResult, IsWrittenAsItsPredictions) {
  CaseResult one, other;
  one.case_id = "A";
  one.heads = {{"idh", {{"0", 0.25, 0.125, 0.5}, {"1", 0.75, 0.5, 0.875}}}, {"os", {{"", -1, -2, 0}}}};
  one.warnings = {{"A", "mri", "a.nii", "is odd"}};
  other.case_id = "B";
  other.heads = {{"os", {{"", 2, 2, 2}}}};
  const auto rows = predictions_of({one, other});
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[1].case_id + rows[1].head + rows[1].class_name, "Aidh1");
  EXPECT_EQ(rows[1].low, 0.5);
  EXPECT_EQ(to_csv({one, other}, "1 of 2"), model::to_csv(rows, "1 of 2"));
  EXPECT_EQ(to_json({one, other}), model::to_json(rows, one.warnings));
  EXPECT_NE(to_json({one, other}).find("is odd"), std::string::npos);
}

/// Bags of two and three instances, by two models.
TEST(CaseResult, AttentionIsThatOfACasesOwnInstances) {
  data::Batch batch;
  batch.cases = {"A", "B"};
  batch.inputs["us"].offsets = at::tensor({0, 2, 5}, at::kLong);
  PredictOptions options;
  options.attention = true;
  CaseCollector collector(options);
  model::Outputs outputs;
  outputs.fused = at::ones({2, 3});
  for (const double scale : {1.0, 10.0}) {
    outputs.attention["encoders.us"]["bag"] = scale * at::tensor({0.25, 0.75, 0.5, 0.25, 0.25}, at::kFloat);
    collector.add(batch, outputs, {});
  }
  const auto results = collector.results({{"A", "os", "", 1, 1, 1}, {"B", "os", "", 2, 2, 2}});
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(at::equal(results[0].attention.at("encoders.us").at("bag"),
                        at::tensor({0.25, 0.75, 2.5, 7.5}, at::kFloat).view({2, 2})));
  EXPECT_TRUE(at::equal(results[1].attention.at("encoders.us").at("bag")[1],
                        at::tensor({5.0, 2.5, 2.5}, at::kFloat)));
  EXPECT_FALSE(results[0].embedding.defined()) << "not asked for";
}

/// Two encoders of a table each, gated: two models, of which one share is asked for each input.
class Tensors : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new test::TabularCohort;
    std::ofstream(*files_ / "config.yaml")
        << "cohort: {manifest: cohort.csv, split: {folds: 2, seed: 1}}\n"
           "inputs:\n  a: {modality: clinical, columns: [x1, x2]}\n"
           "  b: {modality: clinical, columns: [x3]}\n"
           "model:\n  encoders: {a: {name: snn, hidden: [8]}, b: {name: snn, hidden: [8]}}\n"
           "  fusion: {name: gated, width: 6}\n"
           "  heads: {idh: {task: binary}, y: {task: regression}}\n"
           "train: {epochs: 1, workers: 0, threads: 1}\nevaluate: {confidence: none}\n";
    files_->run("run");
  }
  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }
  Tensors()
      : predictor_(*files_ / "run"),
        cohort_(predictor_.pipeline().cohort, predictor_.pipeline().inputs, predictor_.labels(), false) {}

  static test::TabularCohort* files_;
  Predictor predictor_;
  data::Cohort cohort_;
};
test::TabularCohort* Tensors::files_ = nullptr;

TEST_F(Tensors, AreThereOnRequestOnly) {
  const auto plain = predictor_.results(cohort_, {3, 1});
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0].case_id, "P3");
  ASSERT_EQ(plain[0].heads.size(), 2U);
  EXPECT_EQ(plain[0].heads[0].head, "idh");
  EXPECT_EQ(plain[0].heads[0].values.size(), 2U);
  EXPECT_EQ(plain[0].heads[1].values.size(), 1U);
  EXPECT_FALSE(plain[0].embedding.defined());
  EXPECT_TRUE(plain[0].graphs.empty() && plain[0].attention.empty());
  const auto& shares = plain[0].modality_weights.at("fusion");
  ASSERT_EQ(shares.at("a").size(), 2U) << "a share of each model";
  EXPECT_NEAR(shares.at("a")[1] + shares.at("b")[1], 1, 1e-6);
}

TEST_F(Tensors, EmbeddingsAreThoseOfEachModel) {
  PredictOptions options;
  options.embeddings = true;
  const auto all = predictor_.results(cohort_, {0, 1, 2}, options);
  EXPECT_EQ(all[1].embedding.sizes(), at::IntArrayRef({2, 6}));
  EXPECT_EQ(all[1].embedding.scalar_type(), at::kFloat);
  EXPECT_FALSE(at::equal(all[1].embedding[0], all[1].embedding[1]));
  // A fold alone, and flips beside it.
  options.members = {1};
  const auto one = predictor_.results(cohort_, {1}, options);
  EXPECT_TRUE(at::allclose(one[0].embedding[0], all[1].embedding[1], 1e-5, 1e-6));
  options.flips = true;
  EXPECT_EQ(predictor_.results(cohort_, {1}, options)[0].embedding.size(0), 2);
  // An ordinary tensor, which may enter a graph.
  at::Tensor leaf = at::ones({6}).set_requires_grad(true);
  (one[0].embedding * leaf).sum().backward();
  EXPECT_TRUE(at::equal(leaf.grad(), one[0].embedding[0]));
}

TEST_F(Tensors, GradientsReachTheInputs) {
  PredictOptions options;
  options.gradients = options.embeddings = true;
  const auto results = predictor_.results(cohort_, {0, 1}, options);
  ASSERT_EQ(results[0].graphs.size(), 2U);
  const auto& graph = results[0].graphs[1];
  EXPECT_EQ(graph.inputs.at("a").size(0), 1);
  EXPECT_TRUE(graph.inputs.at("a").is_leaf() && graph.inputs.at("a").requires_grad());
  const at::Tensor target = graph.predicted.at("idh")[0][1];
  const auto gradients =
      torch::autograd::grad({target}, {graph.inputs.at("a"), graph.inputs.at("b")}, {}, true);
  EXPECT_GT(gradients[0].abs().sum().item<double>(), 0);
  EXPECT_GT(gradients[1].abs().sum().item<double>(), 0);
  EXPECT_TRUE(results[0].embedding.requires_grad());
  EXPECT_EQ(graph.logits.at("y").sizes(), at::IntArrayRef({1, 1}));
  // The numbers are those of a pass without.
  const auto plain = predictor_.results(cohort_, {0, 1});
  for (size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(results[i].heads[0].values[1].value, plain[i].heads[0].values[1].value, 1e-6);
}

TEST_F(Tensors, WithoutGradientsThereIsNoGraph) {
  PredictOptions options;
  options.embeddings = true;
  EXPECT_FALSE(predictor_.results(cohort_, {0}, options)[0].embedding.requires_grad());
}

}  // namespace
}  // namespace photo51::inference
