#include "commands/new_cases.hpp"

#include <numeric>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"

namespace photo51::commands {

void add_device(CLI::App& command, std::string& device) {
  command.add_option("--device", device, "cpu, cuda, cuda:N, or auto: a GPU where one answers")
      ->capture_default_str();
}

data::CohortOptions new_cohort(const inference::Predictor& predictor, const std::filesystem::path& manifest) {
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = std::filesystem::absolute(manifest);
  options.split = {};
  return options;
}

std::vector<model::Prediction> predict_all(const inference::Predictor& predictor, const data::Cohort& cohort,
                                           inference::PredictOptions options) {
  std::vector<int64_t> rows(static_cast<size_t>(cohort.size()));
  std::iota(rows.begin(), rows.end(), 0);
  int64_t left_out = 0;
  options.skip_bad = predictor.pipeline().cohort.on_bad_case == "skip";
  options.on_bad = [&](const std::string& name, const std::string& why) {
    ++left_out;
    core::log_warning("case " + name + " is left out: " + why);
    cohort.recall_warnings({{name, "", "", "is left out: " + why}});
  };
  auto predictions = predictor.predict(cohort, rows, options);
  if (left_out > 0)
    core::log_warning(std::to_string(left_out) + " of " + std::to_string(cohort.size()) +
                      " cases are left out");
  cohort.summarise_warnings();
  if (predictions.empty()) core::fail_data("no case could be predicted");
  return predictions;
}

void write_predictions(const std::vector<model::Prediction>& predictions, const data::Cohort& cohort,
                       const std::filesystem::path& folder) {
  core::make_directories(folder);
  core::write_file_atomic(folder / "predictions.csv", model::to_csv(predictions));
  core::write_file_atomic(folder / "predictions.json", model::to_json(predictions, cohort.warnings()));
  core::write_file_atomic(folder / "warnings.csv", data::to_csv(cohort.warnings()));
}

}  // namespace photo51::commands
