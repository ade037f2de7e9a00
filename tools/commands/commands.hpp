#pragma once
/// One file a subcommand; each adds itself to the program. A command throws core::Error and never exits.

#include <CLI/CLI.hpp>

namespace photo51::commands {

/// Options that every command has.
struct Common {
  bool quiet = false, json = false;
};

void add_bench_model(CLI::App& app, const Common& common);
void add_describe(CLI::App& app, const Common& common);
void add_doctor(CLI::App& app, const Common& common);
void add_embed(CLI::App& app, const Common& common);
void add_evaluate(CLI::App& app, const Common& common);
void add_export(CLI::App& app, const Common& common);
void add_inspect(CLI::App& app, const Common& common);
void add_migrate(CLI::App& app, const Common& common);
void add_phantom(CLI::App& app, const Common& common);
void add_plan(CLI::App& app, const Common& common);
void add_predict(CLI::App& app, const Common& common);
void add_radiomics(CLI::App& app, const Common& common);
void add_schema(CLI::App& app, const Common& common);
void add_spots(CLI::App& app, const Common& common);
void add_train(CLI::App& app, const Common& common);
void add_weights(CLI::App& app, const Common& common);

}  // namespace photo51::commands
