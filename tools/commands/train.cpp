// photo51 train CONFIG [key=value …] --out RUN: trains, predicts, scores and reports into a run folder.
#include <cstdio>
#include <memory>

#include "commands/commands.hpp"
#include "commands/metrics_table.hpp"
#include "photo51/report/gather.hpp"
#include "photo51/training/run.hpp"

namespace photo51::commands {

void add_train(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("train", "train the models of a config into a run folder");
  struct Arguments {
    std::string config;
    std::vector<std::string> overrides;
    training::RunRequest request;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("CONFIG", arguments->config, "the experiment, a YAML file")->required();
  command->add_option("KEY=VALUE", arguments->overrides, "overrides of the config, e.g. train.epochs=10");
  command->add_option("--out", arguments->request.folder, "run folder to make")->required();
  command->add_flag("--resume", arguments->request.resume, "go on with the run that was stopped in --out");
  command->add_flag("--overwrite", arguments->request.overwrite, "remove the run in --out first");
  command->callback([arguments, &common] {
    training::train(training::read_experiment(arguments->config, arguments->overrides), arguments->request);
    const auto metrics = report::write_run_report(arguments->request.folder);
    print_metrics(metrics, (arguments->request.folder / "report.html").string(), common);
  });
}

}  // namespace photo51::commands
