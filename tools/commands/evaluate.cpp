// photo51 evaluate RUN [--cases manifest.csv --out DIR]: scores new labelled cases, or the run's own again.
#include <memory>
#include <set>

#include "commands/commands.hpp"
#include "commands/metrics_table.hpp"
#include "commands/new_cases.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/report/gather.hpp"

namespace photo51::commands {
namespace {

struct Arguments {
  std::filesystem::path model, manifest, out;
  std::vector<std::string> overrides;
  std::string device = "auto";
  inference::PredictOptions options;
};

/// The heads whose label columns the manifest has.
std::vector<data::LabelSpec> labelled(const std::vector<data::LabelSpec>& heads,
                                      const std::filesystem::path& manifest) {
  const core::Table table = core::read_table(manifest);
  std::vector<data::LabelSpec> kept;
  std::vector<std::string> missing;
  for (const auto& head : heads) {
    std::string lacks;
    if (!table.find(head.column)) lacks = head.column;
    if (lacks.empty() && !head.event_column.empty() && !table.find(head.event_column))
      lacks = head.event_column;
    if (lacks.empty()) {
      kept.push_back(head);
      continue;
    }
    missing.push_back("`" + lacks + "`");
    core::log_warning("head " + head.head + " is not scored: " + manifest.string() + " has no column `" +
                      lacks + "`");
  }
  if (kept.empty())
    core::fail_data(manifest.string() + ": has no label column of any head (" + core::join(missing, ", ") +
                    "), so there is nothing to score; use predict for cases without labels");
  return kept;
}

/// Of a run's config; a published model has none and the defaults serve. Columns that are absent from the new
/// manifest form no groups.
evaluation::EvaluateOptions evaluate_options(const Arguments& arguments) {
  const auto config = arguments.model / "config.yaml";
  config::Node document =
      std::filesystem::exists(config) ? config::load_document(config) : config::Node::map();
  for (const auto& assignment : arguments.overrides) config::apply_override(document, assignment);
  evaluation::EvaluateOptions options;
  if (const auto* section = document.find("evaluate")) config::read(*section, options);
  const core::Table table = core::read_table(arguments.manifest);
  std::erase_if(options.groups,
                [&](const std::string& column) { return column != "site" && !table.find(column); });
  return options;
}

/// How many of the cases the run was fitted on: their scores say nothing about new patients.
int64_t count_seen(const std::filesystem::path& model, const data::Cohort& cohort) {
  if (!std::filesystem::exists(model / "cases.csv")) return 0;
  const core::Table cases = core::read_table(model / "cases.csv");
  const size_t name = cases.require("case"), part = cases.require("part");
  std::set<std::string> seen;
  for (const auto& row : cases.rows)
    if (row[part] != "test") seen.insert(row[name]);
  int64_t count = 0;
  for (int64_t row = 0; row < cohort.size(); ++row) count += seen.contains(cohort.id(row)) ? 1 : 0;
  return count;
}

void score_new(const Arguments& arguments, const Common& common) {
  if (arguments.out.empty()) core::fail_usage("--cases needs --out, the folder for the metrics");
  std::vector<std::string> pipeline_overrides;
  for (const auto& assignment : arguments.overrides)
    if (!assignment.starts_with("evaluate.")) pipeline_overrides.push_back(assignment);
  const inference::Predictor predictor(arguments.model, pipeline_overrides, arguments.device);
  const auto options = evaluate_options(arguments);
  const auto& pipeline = predictor.pipeline();
  const auto cohort_options = new_cohort(predictor, arguments.manifest);
  const data::Cohort cohort(cohort_options, pipeline.inputs,
                            labelled(predictor.labels(), arguments.manifest));
  const auto predictions = predict_all(predictor, cohort, arguments.options);

  std::vector<int64_t> rows;
  for (int64_t row = 0; row < cohort.size(); ++row) rows.push_back(row);
  const auto truth = evaluation::truth_of(cohort, rows, options.groups);
  const auto metrics = evaluation::evaluate(predictions, truth, options);
  write_predictions(predictions, cohort, arguments.out);
  core::write_file_atomic(arguments.out / "metrics.csv", evaluation::to_csv(metrics));

  inference::PipelineOptions shown = pipeline;
  shown.cohort = cohort_options;
  report::Study study{shown, cohort, {}, predictions, metrics, options};
  for (int64_t row = 0; row < cohort.size(); ++row) study.parts[cohort.id(row)] = "test";
  auto input = report::gather(study, arguments.manifest.stem().string());
  input.made_by = std::string("photo51 ") + core::version() + ", " + std::to_string(predictor.size()) +
                  " model(s) of " + std::filesystem::absolute(arguments.model).filename().string();
  if (const int64_t seen = count_seen(arguments.model, cohort); seen > 0) {
    input.warnings.push_back(
        std::to_string(seen) + " of the " + std::to_string(cohort.size()) +
        " cases were used to develop this model, by their names: the numbers here flatter it.");
    core::log_warning(input.warnings.back());
  }
  input.file_warnings = cohort.warnings();
  core::write_file_atomic(arguments.out / "report.html", report::render_report(input));
  print_metrics(metrics, (arguments.out / "report.html").string(), common);
}

}  // namespace

void add_evaluate(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "evaluate", "score a trained model on new labelled cases, or a run's own predictions again");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("MODEL", arguments->model, "a run folder, or a published model with --cases")
      ->required();
  command->add_option("KEY=VALUE", arguments->overrides, "overrides, e.g. evaluate.groups=[sex]");
  command->add_option("--cases", arguments->manifest, "manifest of new cases with labels (CSV)");
  command->add_option(
      "--out", arguments->out,
      "folder for metrics.csv, predictions.csv, warnings.csv and report.html; without --cases the run's own");
  add_device(*command, arguments->device);
  command->add_flag("--flips", arguments->options.flips, "also average over the mirrored case");
  command->callback([arguments, &common] {
    if (!arguments->manifest.empty()) {
      score_new(*arguments, common);
      return;
    }
    if (!arguments->out.empty())
      core::fail_usage(
          "--out goes with --cases; without it the run's own metrics.csv and report.html are "
          "written");
    const auto metrics = report::write_run_report(arguments->model, arguments->overrides);
    print_metrics(metrics, (arguments->model / "report.html").string(), common);
  });
}

}  // namespace photo51::commands
