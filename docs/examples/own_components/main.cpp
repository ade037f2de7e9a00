// A program with an encoder, a fusion, a task and an objective of its own, which a YAML file names like the
// library's. It adds them to the tables, trains as `photo51 train` does, and fails unless the model has
// learned to count.
#include <photo51/core/error.hpp>
#include <photo51/core/files.hpp>
#include <photo51/core/text.hpp>
#include <photo51/inference/predictor.hpp>
#include <photo51/report/build_report.hpp>
#include <photo51/report/task_wording.hpp>
#include <photo51/run/layout.hpp>
#include <photo51/training/run/run.hpp>

#include <algorithm>
#include <cstdio>

#include "components.hpp"

using namespace photo51;

namespace {

std::vector<evaluation::Metric> train_and_report(const training::ExperimentOptions& experiment,
                                                 const std::filesystem::path& folder) {
  training::RunRequest request;
  request.folder = folder;
  const training::TrainedRun run = training::train(experiment, request);
  report::write_report(folder, {.pipeline = run.experiment.pipeline,
                                .evaluate = run.experiment.evaluate,
                                .seed = run.experiment.train.seed,
                                .cohort = run.cohort,
                                .predictions = run.predictions,
                                .metrics = run.metrics,
                                .unfinished = "",
                                .warnings = run.warnings});
  return run.metrics;
}

/// Of the test cases.
const evaluation::Metric& metric_of(const std::vector<evaluation::Metric>& metrics, const std::string& name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const auto& one) {
    return one.head == "lesions" && one.metric == name && one.group == run::group::all;
  });
  if (found == metrics.end()) core::fail_run("there is no metric `" + name + "` of the head `lesions`");
  return *found;
}

}  // namespace

int main() try {
  add_spots();
  add_present_mean();
  add_count();
  add_two_passes();

  const auto folder = std::filesystem::temp_directory_path() / "photo51_own_components";
  std::filesystem::remove_all(folder);
  const auto manifest = write_cohort(folder / "cohort");
  const auto experiment = training::read_experiment(EXPERIMENT, {"cohort.manifest=" + manifest.string()});
  report::require_wording(model::label_specs(experiment.pipeline.model));
  const auto metrics = train_and_report(experiment, folder / "run");

  const auto& spearman = metric_of(metrics, "spearman");
  std::printf("rank correlation %.2f (%.2f to %.2f), deviance %.2f, of %d patients\n", spearman.value,
              spearman.low, spearman.high, metric_of(metrics, "deviance").value,
              static_cast<int>(spearman.n));
  if (!(spearman.low > 0)) core::fail_run("the predicted counts are not better than chance");
  const auto page = core::read_file(folder / "run" / run::name::report);
  if (page.find("how many `lesions` there are") == std::string::npos)
    core::fail_run("the report does not say what was asked");

  // The run folder holds all that prediction needs but this program's code.
  const inference::Predictor predictor(folder / "run");
  const data::Cohort cohort(experiment.pipeline.cohort, experiment.pipeline.inputs, predictor.labels(),
                            false);
  for (const auto& prediction : predictor.predict(cohort, {0, 1, 2}))
    std::printf("%s: %.1f lesions expected\n", prediction.case_id.c_str(), prediction.value);
  return 0;
} catch (const core::Error& error) {
  std::fprintf(stderr, "own_components: %s\n", error.what());
  return 1;
}
