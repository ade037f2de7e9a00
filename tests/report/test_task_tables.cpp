// Every task has all that it needs, and a task of another library goes all the way.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "learners/estimator_task.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/task/label_reader.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/evaluation/regression.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "photo51/report/build_report.hpp"
#include "photo51/report/task_wording.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::report {
namespace {

using ::testing::HasSubstr;
using Scored = evaluation::ScoredPredictions;

TEST(TaskTables, EveryTaskHasItsRowInEveryRoom) {
  for (const auto& task : data::tasks()) {
    EXPECT_EQ(radiogenomics::head_of(task.name).task, task.name);
    EXPECT_EQ(evaluation::metrics_of(task.name).task, task.name);
    EXPECT_EQ(wording_of(task.name).task, task.name);
    // One label a case is what estimators learn.
    const auto* estimators = learners::find_estimator_task(task.name);
    EXPECT_EQ(estimators != nullptr, !task.has_own_table && !task.is_dense) << task.name;
    if (estimators != nullptr) {
      EXPECT_NE(estimators->loss, nullptr) << task.name;
    }
  }
}

/// How many lesions a patient has: a whole number.
data::Task lesion_count() {
  data::Task task = data::task_named("regression");
  task.name = "lesion_count";
  task.help = "a count";
  task.read = [](const data::LabelSource& source, data::TaskSpec& spec) {
    const data::LabelReader reader(source, spec);
    const auto column = reader.find(spec.column);
    if (!column) return reader.unknown();
    return reader.read(*column, {}, [&](size_t row) -> data::Case::Label {
      if (source.cell(row, *column).empty()) return {};
      const double value = reader.number(row, *column, "a count");
      if (value < 0 || value != std::floor(value)) reader.fail(row, *column, "a whole number");
      return {.known = true, .value = value};
    });
  };
  return task;
}

/// Poisson regression: raw is the log of the expected count.
class CountHead final : public radiogenomics::Head {
 public:
  explicit CountHead(int64_t width) { weight_ = register_parameter("weight", at::zeros({1, width})); }
  at::Tensor forward(const at::Tensor& fused) override { return fused.matmul(weight_.t()); }
  void fit(const data::Targets&) override {}
  at::Tensor predict(const at::Tensor& raw) override { return raw.exp(); }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    const at::Tensor rate = raw.squeeze(1);
    return (rate.exp() - known.value.to(raw.device()) * rate).mean();
  }

 private:
  at::Tensor weight_;
};

struct CountHeadOptions : radiogenomics::ColumnHeadOptions {
  static constexpr const char* task = "lesion_count";
};

radiogenomics::TaskHead count_head() {
  auto row = radiogenomics::head_row<CountHeadOptions>();
  row.make = [](const config::Choice&, const data::TaskSpec&,
                int64_t width) -> std::shared_ptr<radiogenomics::Head> {
    return std::make_shared<CountHead>(width);
  };
  return row;
}

double largest_error(const Scored& scored) {
  double largest = 0;
  for (size_t i = 0; i < scored.predicted.size(); ++i)
    largest = std::max(largest, std::abs(scored.predicted[i] - scored.value[i]));
  return largest;
}

evaluation::TaskMetrics count_metrics() {
  return {
      .task = "lesion_count",
      .statistics = {{"spearman", [](const Scored& s) { return evaluation::spearman(s.predicted, s.value); }},
                     {"largest_error", largest_error}},
      .headline = "spearman",
      .chance = 0,
      .obstacle = [](const Scored&) { return std::string(); }};
}

TaskWording count_wording() {
  TaskWording wording = wording_of("regression");
  wording.task = "lesion_count";
  wording.question = [](const data::TaskSpec& spec) { return "how many of `" + spec.column + "`"; };
  wording.claim = [](const evaluation::Metric&, const data::TaskSpec&) {
    return std::string("The counts are in the right order more often than not");
  };
  wording.metrics = {{"largest_error", {"Largest error", "in lesions"}}};
  return wording;
}

class AnotherLibrarysTask : public testing::Test {
 protected:
  AnotherLibrarysTask() {
    std::ofstream file(cohort_.manifest());
    file << "patient,site,x1,x2,x3,lesions\n";
    core::Random random({9});
    for (int i = 0; i < 60; ++i) {
      const double x1 = random.normal(), x2 = random.normal(), x3 = random.normal();
      file << "P" << i << ",A," << core::format_number(x1) << "," << core::format_number(x2) << ","
           << core::format_number(x3) << ","
           << (i == 7 ? "" : core::format_number(std::floor(std::exp(x1 + 0.3 * x2 + 0.7)))) << "\n";
    }
    file.close();
    config_ = cohort_.config("checkpoint: best, monitor: metric", "lesions: {task: lesion_count}");
  }

  test::TabularCohort cohort_;
  std::filesystem::path config_;
};

/// One step after the other, in one process: what is missing is said each time.
TEST_F(AnotherLibrarysTask, IsReadTrainedScoredAndReported) {
  const auto refused = [&] {
    return test::message_of(core::Fault::usage, [&] { training::read_experiment(config_, {}); });
  };
  EXPECT_THAT(refused(), HasSubstr("lesion_count"));
  data::add_task(lesion_count());
  EXPECT_THAT(refused(), HasSubstr("config.yaml:5: model.heads.lesions: there is no `lesion_count`"));
  radiogenomics::add_head(count_head());
  EXPECT_THAT(refused(), HasSubstr("model.heads.lesions: the task `lesion_count` has no metrics; add it with "
                                   "evaluation::add_metrics"));
  auto by_code = training::read_experiment(config_, {"model.heads.lesions.task=regression"});
  by_code.pipeline.model.heads.front().second = radiogenomics::head(CountHeadOptions{});
  training::RunRequest request;
  request.folder = cohort_ / "unscored";
  PHOTO51_EXPECT_ERROR(training::train(by_code, request), usage,
                       HasSubstr("model.heads.lesions: the task `lesion_count` has no metrics"));
  EXPECT_FALSE(std::filesystem::exists(request.folder));
  evaluation::add_metrics(count_metrics());
  const auto experiment = training::read_experiment(config_, {});
  const auto specs = model::label_specs(experiment.pipeline.model);
  PHOTO51_EXPECT_ERROR(require_wording(specs), usage,
                       HasSubstr("model.heads.lesions: the task `lesion_count` has no wording; add it with "
                                 "report::add_wording"));
  TaskWording silent = count_wording();
  silent.judge = nullptr;
  PHOTO51_EXPECT_ERROR(add_wording(silent), usage, HasSubstr("lacks a function"));
  add_wording(count_wording());
  require_wording(specs);

  const auto run = cohort_.run("counts");
  EXPECT_GT(test::metric(run, "lesions", "spearman"), 0.3);
  write_run_report(run);
  const std::string page = core::read_file(run / "report.html");
  for (const char* text : {"how many of `lesions`", "Largest error", "in lesions", "in the right order"})
    EXPECT_THAT(page, HasSubstr(text));

  std::string manifest = core::read_file(cohort_.manifest());
  manifest.replace(manifest.rfind(",") + 1, std::string::npos, "2.5\n");
  core::write_file_atomic(cohort_.manifest(), manifest);
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { cohort_.run("broken"); }),
              HasSubstr("column `lesions`: `2.5` is not a whole number (head lesions)"));
}

}  // namespace
}  // namespace photo51::report
