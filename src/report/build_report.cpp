#include "photo51/report/build_report.hpp"

#include <cmath>
#include <limits>
#include <sstream>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/report/task_wording.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/layout.hpp"
#include "report/example_pictures.hpp"
#include "report/map_pictures.hpp"

namespace photo51::report {
namespace {

std::string input_text(const std::string& name, const config::Choice& input) {
  std::string text = name + " (" + input.name;
  const data::InputColumns columns = data::columns_of(input);
  if (!columns.channels.empty()) text += ": " + core::join(columns.channels, ", ");
  if (!columns.values.empty()) text += ": " + core::join(columns.values, ", ");
  return text + ")";
}

std::vector<std::string> question(const ReportSource& study) {
  std::vector<std::string> inputs, tasks;
  for (const auto& [name, input] : study.pipeline.inputs) inputs.push_back(input_text(name, input));
  for (const auto& spec : study.cohort.labels())
    tasks.push_back(spec.head + ": " + wording_of(spec.task).question(spec));
  return {"Asked: " + core::join(tasks, "; ") + ".", "Read from: " + core::join(inputs, "; ") + "."};
}

std::vector<std::pair<std::string, std::string>> parts_of_model(const model::ModelOptions& options) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const auto& [name, encoder] : options.encoders) parts.emplace_back("encoder of " + name, encoder.name);
  if (options.encoders.size() > 1) parts.emplace_back("fusion", options.fusion.name);
  for (const auto& [name, head] : options.heads) parts.emplace_back("head " + name, head.name);
  return parts;
}

}  // namespace

ReportInput build_report(const ReportSource& study, const std::string& title) {
  ReportInput input;
  input.title = title;
  input.question = question(study);
  input.model = parts_of_model(study.pipeline.model);
  input.cases = case_rows(study.cohort, study.parts);
  input.metrics = study.metrics;
  input.predictions = study.predictions;
  input.truth = evaluation::truth_of(study.cohort, evaluation::rows_of(study.cohort, study.predictions),
                                     study.evaluate.groups);
  input.truth.maps = study.maps;
  input.level = study.evaluate.level;
  input.with_ids = study.evaluate.report_ids;
  input.pictures = example_pictures(study, input.truth, input.warnings);
  for (auto& picture : map_pictures(study, input.warnings)) input.pictures.push_back(std::move(picture));
  return input;
}

std::vector<TrainingCurve> training_curves(const std::filesystem::path& log) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::vector<TrainingCurve> curves;
  std::istringstream text(core::read_file(log, {uint64_t{1} << 30, "is it the log of a run?"}));
  for (std::string line; std::getline(text, line);) {
    const auto parsed = core::parse_json(line);
    if (!parsed || !parsed->is_object()) continue;  // the last line of a run that was killed
    const auto& json = *parsed;
    const auto whole = [&](const char* key) {
      const auto found = json.find(key);
      return found != json.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
    };
    std::string name = "fold " + std::to_string(whole("fold"));
    if (const int64_t repeat = whole("repeat"); repeat > 0) name += ", repeat " + std::to_string(repeat);
    if (curves.empty() || curves.back().name != name) curves.push_back({name, {}, {}});
    const auto number = [&](const char* key) {
      const auto found = json.find(key);
      return found != json.end() && found->is_number() ? found->get<double>() : undefined;
    };
    curves.back().training_loss.push_back(number("loss"));
    curves.back().validation_loss.push_back(number("validation_loss"));
  }
  return curves;
}

void write_report(const std::filesystem::path& folder, const ScoredRun& run) {
  ReportSource study{run.pipeline, *run.cohort, {}, run.predictions.development, run.metrics, run.evaluate};
  study.maps = run.predictions.maps;
  study.map_folder = folder / run::name::maps;
  const auto& test = run.predictions.test;
  study.predictions.insert(study.predictions.end(), test.begin(), test.end());
  for (const auto& one : run::read_cases(folder)) study.parts[one.id] = one.part;
  ReportInput input = build_report(study, std::filesystem::absolute(folder).filename().string());
  input.warnings.insert(input.warnings.end(), run.warnings.begin(), run.warnings.end());
  input.curves = training_curves(folder / run::name::log);
  if (std::filesystem::exists(folder / run::name::warnings))  // runs of older versions have none
    input.file_warnings = data::read_warnings(folder / run::name::warnings);
  input.made_by = std::string("photo51 ") + core::version() + ", seed " + std::to_string(run.seed);
  core::write_file_atomic(folder / run::name::metrics, evaluation::to_csv(run.metrics, run.unfinished));
  core::write_file_atomic(folder / run::name::report, render_report(input));
}

std::vector<evaluation::Metric> write_run_report(const std::filesystem::path& folder,
                                                 const std::vector<std::string>& overrides,
                                                 const LoadRunOptions& options) {
  for (const auto& assignment : overrides)
    if (!assignment.starts_with("evaluate.") && !assignment.starts_with("evaluate="))
      core::fail_usage(
          "override `" + assignment +
          "`: a run's predictions are made already, so only evaluate.* can be overridden; new cases "
          "go by --cases");
  LoadRunOptions with_overrides = options;
  with_overrides.overrides = overrides;
  ScoredRun run = load_run(folder, with_overrides);
  for (const auto& warning : run.warnings) core::log_warning(warning);
  run.metrics = evaluation::evaluate_run(run.predictions, *run.cohort, run.evaluate, &run.warnings);
  write_report(folder, run);
  return run.metrics;
}

}  // namespace photo51::report
