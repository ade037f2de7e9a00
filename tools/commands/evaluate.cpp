// photo51 evaluate RUN [--cases manifest.csv --out DIR]: scores new labelled cases, or the run's own again.
#include <algorithm>
#include <memory>
#include <optional>
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
#include "photo51/data/images/label_map.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/report/build_report.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/lock.hpp"

namespace photo51::commands {
namespace {

namespace fs = std::filesystem;

struct EvaluateArguments : NewCases {
  std::vector<std::string> mirror;  ///< axes
  inference::PredictOptions options;
};

/// Where the head's labels stand: what the new manifest lacks of it, or an empty string. A table of
/// expression is looked for where the manifest's files lie; the model may name one of another machine.
std::string lacks(data::TaskSpec& head, const core::Table& table, const fs::path& folder) {
  const data::Task& task = data::task_of(head);
  if (task.has_own_table) {
    const fs::path beside = folder / fs::path(head.table).filename();
    if (fs::path(head.table).is_absolute() && fs::exists(beside)) head.table = beside.string();
    const fs::path path = folder / head.table;
    return fs::exists(path) ? "" : "there is no table " + path.string();
  }
  for (const auto& column : task.columns(head))
    if (!table.find(column)) return table.source + " has no column `" + column + "`";
  return "";
}

/// The heads whose labels the manifest has and that can be read. Why another one is not scored goes into
/// `warnings`.
std::vector<data::TaskSpec> labelled(const std::vector<data::TaskSpec>& heads,
                                     const data::CohortOptions& cohort, std::vector<std::string>& warnings) {
  const core::Table table = core::read_table(cohort.manifest);
  const fs::path folder = cohort.data_root.empty() ? cohort.manifest.parent_path() : cohort.data_root;
  data::CohortOptions labels_only = cohort;
  labels_only.cache = {};
  std::vector<data::TaskSpec> kept;
  std::vector<std::string> obstacles;
  for (auto head : heads) {
    std::string why = lacks(head, table, folder);
    if (why.empty()) try {
        const data::Cohort readable(labels_only, {}, {head});
        kept.push_back(head);
        continue;
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
        why = error.what();
      }
    obstacles.push_back("head " + head.head + " is not scored: " + why);
  }
  if (kept.empty())
    core::fail_data(cohort.manifest.string() + ": there is nothing to score (" + core::join(obstacles, "; ") +
                    "); use predict for cases without labels");
  for (const auto& obstacle : obstacles) core::log_warning(obstacle);
  warnings.insert(warnings.end(), obstacles.begin(), obstacles.end());
  return kept;
}

/// A published model may come with any other file, which is not its own.
bool is_run(const fs::path& model) {
  return !fs::exists(model / run::name::published) && fs::exists(model / run::name::config);
}

/// What of a config says how a model is scored.
struct Scoring {
  evaluation::EvaluateOptions evaluate;
};
void describe(config::Fields& f, Scoring& o) {
  f.section("evaluate", o.evaluate, "how it is scored");
}

bool is_of_evaluate(const std::string& assignment) {
  return assignment.starts_with("evaluate.") || assignment.starts_with("evaluate=");
}

/// Of a run's config; a published model has none and the defaults serve. Columns that are absent from the new
/// manifest form no groups.
evaluation::EvaluateOptions evaluate_options(const EvaluateArguments& arguments) {
  const auto config = arguments.model / run::name::config;
  config::Node document = config::Node::map();
  if (is_run(arguments.model)) {
    const config::Node whole = config::load_lone_document(config);
    if (const auto* section = whole.find("evaluate")) document.set("evaluate", *section);
  }
  const config::ChoiceKeys keys = config::choice_keys<Scoring>();
  for (const auto& assignment : arguments.overrides)  // the others were the model's
    if (is_of_evaluate(assignment)) config::apply_override(document, assignment, keys);
  Scoring scoring;
  config::read(document, scoring);
  evaluation::EvaluateOptions options = scoring.evaluate;
  const core::Table table = core::read_table(arguments.manifest);
  std::erase_if(options.groups,
                [&](const std::string& column) { return column != "site" && !table.find(column); });
  return options;
}

/// How many of the cases the run was fitted on: their scores say nothing about new patients.
int64_t count_seen(const fs::path& model, const data::Cohort& cohort) {
  if (!is_run(model) || !fs::exists(model / run::name::cases)) return 0;
  std::set<std::string> seen;
  for (const auto& one : run::read_cases(model))
    if (one.part != run::part::test) seen.insert(one.id);
  int64_t count = 0;
  for (int64_t row = 0; row < cohort.size(); ++row) count += seen.contains(cohort.id(row)) ? 1 : 0;
  return count;
}

/// Where the case's mask is known.
void score_map_of(const inference::CaseMap& map, const data::Cohort& cohort, double tolerance,
                  evaluation::MapScores& scores) {
  const auto labels = cohort.labels();
  const auto label = std::ranges::find_if(labels, [&](const auto& one) { return one.head == map.head; });
  if (label == labels.end()) return;  // the manifest has no column of it
  int64_t row = 0;
  while (cohort.id(row) != map.case_id) ++row;
  const data::LabelMap truth = data::original_label(cohort, row, map.head);
  if (truth.classes.defined())
    scores[map.head][map.case_id] =
        evaluation::score_map(map.classes, truth.classes, map.geometry.spacing, *label, tolerance);
}

void score_new(const EvaluateArguments& arguments, const Common& common) {
  if (arguments.out.empty()) core::fail_usage("--cases needs --out, the folder for the metrics");
  NewCases model = arguments;
  std::erase_if(model.overrides, is_of_evaluate);
  const inference::Predictor predictor = open_model(model);
  const auto options = evaluate_options(arguments);
  const auto cohort_options = new_cohort(predictor, arguments);
  std::vector<std::string> warnings;
  if (!predictor.unfinished().empty())
    warnings.push_back("The run that made the model is not finished: " + predictor.unfinished() + ".");
  const data::Cohort cohort(cohort_options, predictor.pipeline().inputs,
                            labelled(predictor.labels(), cohort_options, warnings));
  auto predicting = arguments.options;
  predicting.mirror = axes_of(arguments.mirror);
  evaluation::MapScores maps;
  predicting.on_map = [&, write = map_writer(predictor, arguments.out)](const inference::CaseMap& map) {
    write(map);
    score_map_of(map, cohort, options.surface_tolerance, maps);
  };
  std::vector<inference::HeatMap> heat_maps;
  const auto results = predict_all(predictor, cohort, predicting, arguments, &heat_maps);
  // First of all, so that nothing is lost when a head cannot be scored.
  write_predictions(results, cohort, predictor, arguments.out);
  const auto predictions = inference::predictions_of(results);

  std::vector<int64_t> rows;
  for (int64_t row = 0; row < cohort.size(); ++row) rows.push_back(row);
  auto truth = evaluation::truth_of(cohort, rows, options.groups);
  truth.maps = maps;
  if (!maps.empty()) core::write_file_atomic(arguments.out / run::name::map_scores, evaluation::to_csv(maps));
  const auto metrics = evaluation::evaluate_each(predictions, truth, options, [&](const std::string& why) {
    warnings.push_back("not scored: " + why);
    core::log_warning(warnings.back());
  });
  if (metrics.empty())
    core::fail_data(arguments.manifest.string() + ": no head can be scored (" + core::join(warnings, "; ") +
                    "); the predictions are in " + arguments.out.string());
  core::write_file_atomic(arguments.out / run::name::metrics,
                          evaluation::to_csv(metrics, predictor.unfinished()));

  inference::PipelineOptions shown = predictor.pipeline();
  shown.cohort = cohort_options;
  report::ReportSource study{
      shown, cohort, {}, predictions, metrics, options, maps, arguments.out, std::move(heat_maps)};
  for (int64_t row = 0; row < cohort.size(); ++row) study.parts[cohort.id(row)] = run::part::test;
  auto input = report::build_report(study, arguments.manifest.stem().string());
  input.warnings.insert(input.warnings.end(), warnings.begin(), warnings.end());
  input.made_by = std::string("photo51 ") + core::version() + ", " + std::to_string(predictor.size()) +
                  " model(s) of " + fs::absolute(arguments.model).filename().string();
  if (const int64_t seen = count_seen(arguments.model, cohort); seen > 0) {
    input.warnings.push_back(
        std::to_string(seen) + " of the " + std::to_string(cohort.size()) +
        " cases were used to develop this model, by their names: the numbers here flatter it.");
    core::log_warning(input.warnings.back());
  }
  input.file_warnings = cohort.warnings();
  core::write_file_atomic(arguments.out / run::name::report, report::render_report(input));
  print_metrics(metrics, (arguments.out / run::name::report).string(), common);
}

void score_again(const EvaluateArguments& arguments, const Common& common) {
  if (!arguments.out.empty())
    core::fail_usage(
        "--out goes with --cases; without it the run's own metrics.csv and report.html are written");
  if (arguments.heat_maps)
    core::fail_usage(
        "--heat-maps goes with --cases: a run's own predictions are made already, and hold no attention");
  std::optional<run::Lock> lock;  // a folder that is no run is refused below
  if (fs::exists(arguments.model / run::name::config)) lock.emplace(arguments.model);
  const auto metrics = report::write_run_report(
      arguments.model, arguments.overrides,
      {.allow_unfinished = arguments.allow_unfinished, .data_root = arguments.data_root});
  print_metrics(metrics, (arguments.model / run::name::report).string(), common);
}

}  // namespace

void add_evaluate(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "evaluate", "score a trained model on new labelled cases, or a run's own predictions again");
  auto arguments = std::make_shared<EvaluateArguments>();
  command->add_option("MODEL", arguments->model, "a run folder, or a published model with --cases")
      ->required();
  command->add_option("KEY=VALUE", arguments->overrides,
                      "overrides, e.g. evaluate.groups=[sex]; without --cases of evaluate.* only");
  command->add_option("--cases", arguments->manifest, "manifest of new cases with labels (CSV)");
  command->add_option(
      "--out", arguments->out,
      "folder for metrics.csv, predictions.csv, warnings.csv and report.html; without --cases the run's own");
  add_options(*command, *arguments);
  add_mirror(*command, arguments->mirror);
  add_heat_maps(*command, *arguments);
  command->add_flag("--flips", arguments->options.flips, "also average over the mirrored case");
  command->callback([arguments, &common] {
    arguments->manifest.empty() ? score_again(*arguments, common) : score_new(*arguments, common);
  });
}

}  // namespace photo51::commands
