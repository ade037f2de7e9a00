#include "photo51/evaluation/task_metrics.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "photo51/data/task/task.hpp"
#include "support/errors.hpp"

namespace photo51::evaluation {
namespace {

using ::testing::HasSubstr;

TEST(TaskMetrics, EveryTaskHasAHeadline) {
  for (const auto& task : data::tasks()) {
    const auto& row = metrics_of(task.name);
    EXPECT_TRUE(std::any_of(row.statistics.begin(), row.statistics.end(), [&](const auto& one) {
      return one.name == row.headline;
    })) << task.name;
  }
}

TEST(TaskMetrics, TheHeadlineIsThatOfTheTask) {
  ScoredPredictions scored;
  scored.spec.task = "regression";
  scored.cases = {"1", "2", "3"};
  scored.predicted = {1, 2, 3};
  scored.value = {1, 2, 3};
  EXPECT_EQ(headline(scored), 1);
  scored.spec.task = "survival";
  scored.event = {1, 1, 1};
  EXPECT_EQ(headline(scored), 0) << "the earliest event has the lowest risk";
}

TEST(TaskMetrics, LabelsOfOneValueDefineNothing) {
  std::vector<data::Case::Label> labels(3);
  std::vector<const data::Case::Label*> known;
  for (auto& label : labels) known.push_back(&label);
  for (const char* task : {"binary", "multiclass", "regression", "survival"})
    EXPECT_FALSE(metrics_of(task).is_defined(known)) << task;
  for (int i = 0; i < 3; ++i)
    labels[static_cast<size_t>(i)] = {.known = true, .value = 1.0 + i, .event = true};
  for (const char* task : {"binary", "multiclass", "regression", "survival"})
    EXPECT_TRUE(metrics_of(task).is_defined(known)) << task;
}

TEST(TaskMetrics, OfFurtherTasks) {
  data::Task task = data::task_named("regression");
  task.name = "weight";
  data::add_task(task);
  PHOTO51_EXPECT_ERROR(metrics_of("weight"), usage,
                       HasSubstr("the task `weight` has no metrics; add it with evaluation::add_metrics"));
  data::TaskSpec head;
  head.head = "kg";
  head.task = "weight";
  PHOTO51_EXPECT_ERROR(require_metrics({head}), usage,
                       HasSubstr("model.heads.kg: the task `weight` has no metrics"));
  TaskMetrics row = metrics_of("regression");
  PHOTO51_EXPECT_ERROR(add_metrics(row), usage, HasSubstr("has its metrics already"));
  row.task = "weight";
  row.headline = "r3";
  PHOTO51_EXPECT_ERROR(add_metrics(row), usage, HasSubstr("lacks a function"));
  row.headline = "mae";
  add_metrics(row);
  EXPECT_EQ(metrics_of("weight").headline, "mae");
}

}  // namespace
}  // namespace photo51::evaluation
