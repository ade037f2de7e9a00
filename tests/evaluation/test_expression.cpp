#include "photo51/evaluation/expression.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/evaluation/regression.hpp"

namespace photo51::evaluation {
namespace {

/// Three genes over four cases; the last does not vary in the predictions.
ScoredPredictions scored() {
  ScoredPredictions s;
  s.spec.task = "expression";
  s.spec.head = "genes";
  s.classes = s.spec.classes = {"A", "B", "FLAT"};
  s.cases = {"1", "2", "3", "4"};
  s.predicted = {1, 4, 0.1, 2, 3, 0.1, 3, 1, 0.1, 4, 2, 0.1};
  s.value = {2, 1, 5, 1, 2, 6, 4, 3, 7, 3, 4, 8};
  s.low = s.high = s.predicted;
  return s;
}

TEST(Expression, EachGeneHasItsPearson) {
  const auto genes = gene_pearson(scored());
  ASSERT_EQ(genes.size(), 3U);
  EXPECT_NEAR(genes[0], pearson(std::vector<double>{1, 2, 3, 4}, std::vector<double>{2, 1, 4, 3}), 1e-12);
  EXPECT_NEAR(genes[1], pearson(std::vector<double>{4, 3, 1, 2}, std::vector<double>{1, 2, 3, 4}), 1e-12);
  EXPECT_EQ(genes[2], 0);
}

TEST(Expression, SummariesOverGenes) {
  EXPECT_DOUBLE_EQ(median({0.1, 0.9, 0.2}), 0.2);
  EXPECT_DOUBLE_EQ(median({0.1, 0.9, 0.2, 0.4}), 0.3);
  EXPECT_DOUBLE_EQ(mean_of_best({0.1, 0.9, 0.2, 0.4}, 2), 0.65);
  EXPECT_DOUBLE_EQ(mean_of_best({0.1, 0.3}, 50), 0.2);
  EXPECT_TRUE(std::isnan(median({})));
  EXPECT_TRUE(std::isnan(mean_of_best({}, 50)));
}

TEST(Expression, IsScoredWithIntervalsAndGeneByGene) {
  const auto s = scored();
  std::vector<model::Prediction> predictions;
  GroundTruth truth;
  truth.specs = {s.spec};
  for (size_t i = 0; i < s.cases.size(); ++i) {
    auto& label = truth.labels["genes"][s.cases[i]];
    label.known = true;
    for (size_t g = 0; g < 3; ++g) {
      const double value = s.predicted[3 * i + g];
      predictions.push_back({s.cases[i], "genes", s.classes[g], value, value, value});
      label.values.push_back(static_cast<float>(s.value[3 * i + g]));
    }
  }
  const auto joined = join(predictions, truth, s.spec);
  EXPECT_EQ(joined.predicted, s.predicted);
  EXPECT_EQ(joined.value, s.value);
  EXPECT_EQ(joined.pick({2, 0}).value, (std::vector<double>{4, 3, 7, 2, 1, 5}));
  const auto metrics = evaluate(predictions, truth, {.bootstrap_samples = 200});
  ASSERT_EQ(metrics.size(), 6U);
  EXPECT_EQ(metrics[0].metric, "pearson_median");
  EXPECT_DOUBLE_EQ(metrics[0].value, 0);
  EXPECT_LE(metrics[0].low, metrics[0].high);
  EXPECT_EQ(metrics[3].metric, "pearson:A");
  EXPECT_TRUE(std::isnan(metrics[3].low));
  truth.labels["genes"]["1"].values.pop_back();
  EXPECT_THROW(join(predictions, truth, s.spec), core::Error);
}

}  // namespace
}  // namespace photo51::evaluation
