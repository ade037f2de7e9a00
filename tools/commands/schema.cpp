// photo51 schema: the JSON schema of a config, for editors.
#include <cstdio>

#include "commands/commands.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::commands {

void add_schema(CLI::App& app, const Common&) {
  auto* command =
      app.add_subcommand("schema", "print the JSON schema of a config (editors complete from it)");
  command->callback([] {
    training::ExperimentOptions options;
    const std::string schema = config::json_schema(
        config::Section{[&](config::Fields& f) { describe(f, options); }, {}, {}}, "photo51 config");
    std::fputs(schema.c_str(), stdout);
  });
}

}  // namespace photo51::commands
