// photo51 export RUN --out models/NAME: publishes the trained models of a run.
#include <cstdio>
#include <memory>

#include "commands/commands.hpp"
#include "commands/new_cases.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/inference/predictor.hpp"

namespace photo51::commands {

void add_export(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("export", "publish the trained models of a run as one folder");
  struct Arguments {
    std::filesystem::path run, out;
    bool allow_unfinished = false, keep_rare = false;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RUN", arguments->run, "a run folder")->required();
  command->add_option("--out", arguments->out, "folder to write model.yaml and weights into")->required();
  add_allow_unfinished(*command, arguments->allow_unfinished);
  command->add_flag("--keep-rare-categories", arguments->keep_rare,
                    "publish also the names of categories that fewer than five training patients have");
  command->callback([arguments, &common] {
    inference::export_model(arguments->run, arguments->out, arguments->allow_unfinished,
                            arguments->keep_rare);
    if (!common.quiet) std::printf("%s\n", core::shown(arguments->out.string()).c_str());
  });
}

}  // namespace photo51::commands
