// photo51 predict RUN: what a trained model says of new cases, from a manifest or from files.
#include <cstdio>
#include <memory>

#include "commands/commands.hpp"
#include "commands/new_cases.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

struct PredictArguments : NewCases {
  std::vector<std::string> inputs;
  std::vector<std::string> mirror;  ///< axes
  inference::PredictOptions options;
};

void print(const std::vector<inference::CaseResult>& results, const std::string& unfinished, bool json) {
  if (json) {
    std::fputs(inference::to_json(results, unfinished).c_str(), stdout);
    return;
  }
  if (!unfinished.empty())
    std::printf("Of a run that is not finished: %s\n", core::shown(unfinished).c_str());
  std::printf("%-16s %-16s %8s  %s\n", "head", "class", "value", "95 % of the models");
  for (const auto& p : inference::predictions_of(results))
    std::printf("%-16s %-16s %8.3f  %.3f to %.3f\n", core::shown(p.head).c_str(),
                core::shown(p.class_name).c_str(), p.value, p.low, p.high);
}

void run(const PredictArguments& arguments, const Common& common) {
  core::check_thread_count("--workers", arguments.options.workers);
  if (arguments.manifest.empty() == arguments.inputs.empty())
    core::fail_usage("give either --cases MANIFEST or --input NAME.CHANNEL=FILE");
  if (arguments.inputs.empty() && arguments.out.empty())
    core::fail_usage("--cases needs --out, the folder for predictions.csv and predictions.json");
  if (arguments.heat_maps && arguments.out.empty())
    core::fail_usage("--heat-maps needs --out, the folder for them");
  const bool one = !arguments.inputs.empty();
  if (one && !arguments.data_root.empty())
    core::fail_usage("--data-root goes with --cases; --input takes whole paths");
  if (one) core::return_freed_memory();
  const inference::Predictor predictor = open_model(arguments);
  if (one) core::drop_start_up_code();
  const data::Cohort cohort =
      one ? data::Cohort::single(predictor.pipeline().inputs, arguments.inputs, predictor.pipeline().cohort)
          : data::Cohort(new_cohort(predictor, arguments), predictor.pipeline().inputs, predictor.labels(),
                         /*require_labels=*/false);
  auto options = arguments.options;
  if (one) options.workers = 0;
  options.mirror = axes_of(arguments.mirror);
  if (!arguments.out.empty()) options.on_map = map_writer(predictor, arguments.out);
  const auto results = predict_all(predictor, cohort, options, arguments);
  if (!arguments.out.empty()) write_predictions(results, cohort, predictor, arguments.out);
  if (one) print(results, predictor.unfinished(), common.json);
  if (!one && !common.quiet && !common.json)
    std::printf("%s\n", core::shown((arguments.out / run::name::predictions).string()).c_str());
}

}  // namespace

void add_predict(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("predict", "predict new cases with a trained model");
  auto arguments = std::make_shared<PredictArguments>();
  command->add_option("MODEL", arguments->model, "a run folder, or a published model (models/NAME)")
      ->required();
  command->add_option("KEY=VALUE", arguments->overrides, "overrides, e.g. cohort.on_bad_case=skip");
  command->add_option("--cases", arguments->manifest, "manifest of the cases (CSV); labels are not needed");
  command->add_option("--input", arguments->inputs, "one case: INPUT.CHANNEL=FILE, as often as needed");
  command->add_option(
      "--out", arguments->out,
      "folder for predictions.csv, predictions.json, warnings.csv and maps, CASE/HEAD.nii.gz");
  add_options(*command, *arguments);
  add_heat_maps(*command, *arguments);
  command->add_option("--fold", arguments->options.members, "use the models of these folds only");
  command->add_flag("--flips", arguments->options.flips, "also average over the mirrored case");
  add_mirror(*command, arguments->mirror);
  command->add_option("--batch-size", arguments->options.batch_size, "cases a batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--workers", arguments->options.workers, "threads that load cases")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([arguments, &common] { run(*arguments, common); });
}

}  // namespace photo51::commands
