#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "photo51/core/error.hpp"
#include "photo51/core/table.hpp"
#include "photo51/evaluation/evaluate.hpp"
#include "photo51/evaluation/scored.hpp"

namespace photo51::evaluation {
namespace {

using testing::HasSubstr;

struct World {
  std::vector<model::Prediction> predictions;
  GroundTruth truth;

  void add_binary(const std::string& id, double p, double label, const std::string& site) {
    predictions.push_back({id, "idh", "0", 1 - p, 1 - p, 1 - p});
    predictions.push_back({id, "idh", "1", p, p, p});
    truth.labels["idh"][id] = {true, label, false, {}};
    truth.groups["site"][id] = site;
  }
};

data::TaskSpec spec_of(const std::string& kind, const std::string& head) {
  data::TaskSpec spec;
  spec.head = head;
  spec.task = kind;
  spec.column = head + "_column";
  spec.event_column = "event";
  return spec;
}

World binary_world() {
  World world;
  world.truth.specs = {spec_of("binary", "idh")};
  const double p[] = {0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.4, 0.65, 0.2, 0.55};
  const int y[] = {0, 0, 1, 1, 1, 1, 0, 0, 0, 1};
  for (int i = 0; i < 10; ++i)
    world.add_binary("P" + std::to_string(i), p[i], y[i], i < 5 ? "CS" : i < 9 ? "DU" : "");
  return world;
}

const Metric& find(const std::vector<Metric>& metrics, const std::string& metric, const std::string& group) {
  for (const auto& m : metrics)
    if (m.metric == metric && m.group == group) return m;
  throw std::runtime_error("no " + metric + " of " + group);
}

std::string failure(const World& world) {
  try {
    evaluate(world.predictions, world.truth, {});
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "";
}

TEST(Evaluate, BinaryHeadAndItsSites) {
  const auto world = binary_world();
  const auto metrics = evaluate(world.predictions, world.truth, {});
  const auto& all = find(metrics, "auroc", "all");
  EXPECT_EQ(all.head, "idh");
  EXPECT_DOUBLE_EQ(all.value, 0.76);
  EXPECT_EQ(all.n, 10);
  EXPECT_LT(all.low, 0.76);
  EXPECT_GT(all.low, 0.2);
  EXPECT_GT(all.high, 0.9);
  EXPECT_NEAR(find(metrics, "brier", "all").value, 0.18275, 1e-12);
  EXPECT_NEAR(find(metrics, "balanced_accuracy", "all").value, 0.7, 1e-12);
  EXPECT_EQ(find(metrics, "auroc", "site=CS").n, 5);
  EXPECT_DOUBLE_EQ(find(metrics, "auroc", "site=DU").value, 1);
  for (const auto& m : metrics) EXPECT_NE(m.group, "site=");
}

TEST(Evaluate, PerfectSubgroupKeepsItsInterval) {
  const auto world = binary_world();
  const auto metrics = evaluate(world.predictions, world.truth, {});
  EXPECT_EQ(find(metrics, "auroc", "site=DU").low, 1);
}

TEST(Evaluate, WithoutConfidenceCellsAreEmpty) {
  const auto world = binary_world();
  EvaluateOptions options;
  options.confidence = Confidence::none;
  options.groups.clear();
  const auto table =
      core::parse_table(to_csv(evaluate(world.predictions, world.truth, options)), "metrics.csv");
  EXPECT_EQ(core::csv_row(table.columns), "head,metric,group,value,low,high,n\n");
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"idh", "auroc", "all", "0.76", "", "", "10"}));
}

TEST(Evaluate, SubgroupOfOneClassIsLeftOut) {
  auto world = binary_world();
  for (auto& [id, site] : world.truth.groups["site"])
    site = world.truth.labels["idh"][id].value == 1 ? "ONE" : "ZERO";
  for (const auto& metric : evaluate(world.predictions, world.truth, {})) EXPECT_EQ(metric.group, "all");
}

TEST(Evaluate, UnknownLabelsDoNotCount) {
  auto world = binary_world();
  world.truth.labels["idh"]["P0"].known = false;
  world.truth.labels["idh"].erase("P1");
  EXPECT_EQ(find(evaluate(world.predictions, world.truth, {}), "auroc", "all").n, 8);
}

TEST(Evaluate, OneClassIsAnError) {
  auto world = binary_world();
  for (auto& [id, label] : world.truth.labels["idh"]) label.value = 1;
  EXPECT_EQ(failure(world),
            "head idh: the 10 labelled patients are all of one class (`1`); scoring needs two, check column "
            "`idh_column`");
}

TEST(Evaluate, BrokenPredictionsAreErrors) {
  auto world = binary_world();
  world.predictions.push_back(world.predictions[0]);
  EXPECT_THAT(failure(world), HasSubstr("case P0: head idh: predicted twice"));
  world = binary_world();
  world.predictions[3].value = std::nan("");
  EXPECT_THAT(failure(world), HasSubstr("case P1: head idh: the prediction is not a number"));
  world = binary_world();
  world.predictions.erase(world.predictions.begin() + 1);
  EXPECT_THAT(failure(world), HasSubstr("case P0: head idh: the predictions have no row of class `1`"));
  world = binary_world();
  world.predictions.clear();
  EXPECT_EQ(failure(world), "head idh: the predictions have no row for it");
  world = binary_world();
  world.truth.labels.clear();
  EXPECT_EQ(failure(world),
            "head idh: none of the 10 predicted cases has a known label in column `idh_column`");
}

TEST(Evaluate, Survival) {
  World world;
  world.truth.specs = {spec_of("survival", "os")};
  const double time[] = {5, 8, 8, 12, 12, 15, 20, 21, 21, 30};
  const bool event[] = {true, true, false, true, false, true, false, true, true, false};
  const double risk[] = {2.0, 1.5, 1.0, 1.5, 0.2, 0.9, 0.5, 0.9, -0.3, 0.1};
  for (int i = 0; i < 10; ++i) {
    const auto id = "P" + std::to_string(i);
    world.predictions.push_back({id, "os", "", risk[i], risk[i], risk[i]});
    world.truth.labels["os"][id] = {true, time[i], event[i], {}};
  }
  EXPECT_NEAR(find(evaluate(world.predictions, world.truth, {}), "c_index", "all").value, 0.9310344827586207,
              1e-12);
  auto early = world;
  for (auto& [id, label] : early.truth.labels["os"]) label = {true, 7, true, {}};
  EXPECT_THAT(failure(early), HasSubstr("survival cannot be ranked"));
  for (auto& [id, label] : world.truth.labels["os"]) label.event = false;
  EXPECT_EQ(
      failure(world),
      "head os: all 10 labelled patients are censored; a concordance needs observed events, check column "
      "`event`");
}

TEST(Evaluate, Regression) {
  World world;
  world.truth.specs = {spec_of("regression", "score")};
  const double predicted[] = {1.0, 2.0, 2.0, 4.5, 5.0, 3.0}, value[] = {1.2, 1.9, 2.5, 4.0, 5.5, 5.5};
  for (int i = 0; i < 6; ++i) {
    const auto id = "P" + std::to_string(i);
    world.predictions.push_back({id, "score", "", predicted[i], 0, 0});
    world.truth.labels["score"][id] = {true, value[i], false, {}};
  }
  const auto metrics = evaluate(world.predictions, world.truth, {});
  EXPECT_EQ(metrics.size(), 5U);
  EXPECT_NEAR(find(metrics, "rmse", "all").value, 1.08397416943394, 1e-12);
  EXPECT_NEAR(find(metrics, "spearman", "all").value, 0.8823529411764706, 1e-12);
  auto flat = world;
  for (auto& prediction : flat.predictions) prediction.value = 3;
  EXPECT_EQ(evaluate(flat.predictions, flat.truth, {}).size(), 3U);  // no correlation of a constant
  for (auto& [id, label] : world.truth.labels["score"]) label.value = 4;
  EXPECT_THAT(failure(world), HasSubstr("head score: the 6 labelled patients all have one value in column"));
}

TEST(Evaluate, MulticlassReadsClassesByName) {
  World world;
  auto spec = spec_of("multiclass", "cluster");
  spec.classes = {"R1", "R2", "R3"};
  world.truth.specs = {spec};
  const double p[7][3] = {{.7, .2, .1}, {.3, .4, .3}, {.2, .2, .6},  {.5, .3, .2},
                          {.1, .6, .3}, {.3, .3, .4}, {.4, .35, .25}};
  const int y[] = {0, 1, 2, 1, 1, 2, 0};
  for (int i = 0; i < 7; ++i) {
    const auto id = "P" + std::to_string(i);
    for (const int c : {2, 0, 1})  // any order of rows
      world.predictions.push_back({id, "cluster", spec.classes[static_cast<size_t>(c)], p[i][c], 0, 0});
    world.predictions.push_back({id, "cluster", "R4", 0, 0, 0});  // a class that this cohort has not
    world.truth.labels["cluster"][id] = {true, static_cast<double>(y[i]), false, {}};
  }
  const auto metrics = evaluate(world.predictions, world.truth, {});
  EXPECT_NEAR(find(metrics, "auroc", "all").value, 0.925, 1e-12);
  EXPECT_NEAR(find(metrics, "balanced_accuracy", "all").value, 8.0 / 9, 1e-12);
  EXPECT_NEAR(find(metrics, "accuracy", "all").value, 6.0 / 7, 1e-12);
  const auto some = join(world.predictions, world.truth, spec).pick({2, 2});
  EXPECT_EQ(some.cases, (std::vector<std::string>{"P2", "P2"}));
  EXPECT_EQ(some.predicted.size(), 8U);
  EXPECT_EQ(some.label, (std::vector<int>{2, 2}));
}

TEST(Evaluate, OneHeadThatCannotBeScoredLeavesTheOthers) {
  World world = binary_world();
  world.truth.specs.push_back(spec_of("survival", "os"));
  for (int i = 0; i < 10; ++i) {
    const std::string id = "P" + std::to_string(i);
    world.predictions.push_back({id, "os", "", 0.1 * i, 0.1 * i, 0.1 * i});
    world.truth.labels["os"][id] = {true, 100.0 + i, false, {}};  // nobody died
  }
  EXPECT_THAT(failure(world), HasSubstr("censored"));
  std::vector<std::string> obstacles;
  const auto metrics = evaluate_each(world.predictions, world.truth, {},
                                     [&](const std::string& why) { obstacles.push_back(why); });
  ASSERT_EQ(obstacles.size(), 1U);
  EXPECT_THAT(obstacles[0], testing::AllOf(HasSubstr("head os"), HasSubstr("censored")));
  EXPECT_EQ(find(metrics, "auroc", "all").value,
            find(evaluate(binary_world().predictions, binary_world().truth, {}), "auroc", "all").value);
}

TEST(Evaluate, MetricsOfAnUnfinishedModelSaySo) {
  const std::vector<Metric> metrics{{"idh", "auroc", "all", 0.5, 0.25, 0.75, 10}};
  EXPECT_EQ(to_csv(metrics, "1 of 3"),
            "head,metric,group,value,low,high,n,unfinished\nidh,auroc,all,0.5,0.25,0.75,10,1 of 3\n");
}

}  // namespace
}  // namespace photo51::evaluation
