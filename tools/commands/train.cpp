// photo51 train CONFIG [key=value …] --out RUN: trains, predicts, scores and reports into a run folder.
#include <cstdio>
#include <memory>

#include "commands/commands.hpp"
#include "commands/metrics_table.hpp"
#include "commands/new_cases.hpp"
#include "photo51/config/node.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/report/build_report.hpp"
#include "photo51/report/task_wording.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/training/run/run.hpp"

namespace photo51::commands {

void add_train(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("train", "train the models of a config into a run folder");
  struct Arguments {
    std::string config;
    std::vector<std::string> overrides;
    std::filesystem::path data_root;
    training::RunRequest request;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("CONFIG", arguments->config, "the experiment, a YAML file")->required();
  command->add_option("KEY=VALUE", arguments->overrides, "overrides of the config, e.g. train.epochs=10");
  command->add_option("--out", arguments->request.folder, "run folder to make")->required();
  command->add_flag("--resume", arguments->request.resume, "go on with the run that was stopped in --out");
  command->add_flag("--overwrite", arguments->request.overwrite,
                    "remove the run in --out first; a folder that holds more than a run is left alone");
  add_data_root(*command, arguments->data_root);
  command->callback([arguments, &common] {
    auto experiment = training::read_experiment(arguments->config, arguments->overrides);
    if (!arguments->data_root.empty())
      experiment.pipeline.cohort.data_root = std::filesystem::absolute(arguments->data_root);
    report::require_wording(model::label_specs(experiment.pipeline.model));
    arguments->request.keep = config::files_of(arguments->config);
    core::keep_freed_memory();
    const auto& folder = arguments->request.folder;
    const training::TrainedRun run = training::train(std::move(experiment), arguments->request);
    const auto& trained = run.experiment;
    report::write_report(folder, {.pipeline = trained.pipeline,
                                  .evaluate = trained.evaluate,
                                  .seed = trained.train.seed,
                                  .cohort = run.cohort,
                                  .predictions = run.predictions,
                                  .metrics = run.metrics,
                                  .unfinished = "",
                                  .warnings = run.warnings});
    print_metrics(run.metrics, (folder / run::name::report).string(), common);
  });
}

}  // namespace photo51::commands
