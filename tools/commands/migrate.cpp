// photo51 migrate FILE|RUN|MODEL: today's names for a config of an earlier version.
#include "photo51/config/migrate.hpp"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/commands.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/lock.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::commands {
namespace {

namespace fs = std::filesystem;

fs::path config_of(const fs::path& what) {
  std::error_code code;
  if (!fs::is_directory(what, code)) return what;
  for (const char* name : {run::name::published, run::name::config})
    if (fs::exists(what / name, code)) return what / name;
  core::fail_usage(what.string() +
                   ": neither a run folder (no config.yaml) nor a published model (no model.yaml)");
}

config::Node load(const fs::path& file, const config::ChoiceKeys& keys) {
  return config::load_document(file, config::EmptyValues::refuse, keys);
}

bool has_old_names(const fs::path& file, const config::ChoiceKeys& keys) {
  try {
    const std::string text = core::read_file(file, core::most_of_a_config);
    return !config::migrate(text, file.string(), load(file, keys), keys).changes.empty();
  } catch (const core::Error&) {  // such that have to be changed by hand
    return true;
  }
}

/// What `file` extends is left to its own turn.
void tell_of_bases(const fs::path& file, const config::ChoiceKeys& keys) {
  const auto files = config::files_of(file);
  for (size_t i = 1; i < files.size(); ++i) {
    const std::string name = files[i].lexically_normal().string();
    if (has_old_names(files[i], keys))
      core::log_warning(name + ": has names of an earlier version too; photo51 migrate " + name);
  }
}

void print(const fs::path& file, const std::vector<std::string>& changes, const Common& common) {
  const std::string kept = changes.empty() ? "" : file.string() + ".bak";
  if (common.json) {
    const nlohmann::ordered_json said{{"file", file.string()}, {"original", kept}, {"changes", changes}};
    std::printf("%s\n", core::json_text(said).c_str());
  } else if (!common.quiet) {
    for (const auto& change : changes) std::printf("%s\n", core::shown(change).c_str());
    std::printf("%s\n",
                core::shown(changes.empty() ? file.string() + ": nothing to migrate, it has today's names"
                                            : "The original is kept as " + kept)
                    .c_str());
  }
}

void migrate(const fs::path& what, const Common& common) {
  const fs::path file = config_of(what);
  // What a program wrote, or a stranger, stands alone.
  const bool alone = file != what || file.filename() == run::name::published;
  const config::ChoiceKeys keys = config::choice_keys<training::ExperimentOptions>();
  const config::Node merged = alone ? config::load_lone_document(file) : load(file, keys);
  const fs::path folder = fs::absolute(file).parent_path();
  std::optional<run::Lock> lock;
  if (file.filename() == run::name::config && run::contents_of(folder).is_run) lock.emplace(folder);
  print(file, config::migrate_file(file, merged, keys), common);
  if (!alone) tell_of_bases(file, keys);
}

}  // namespace

void add_migrate(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "migrate", "give a config of an earlier version today's names, and keep the original");
  auto what = std::make_shared<std::filesystem::path>();
  command->add_option("FILE", *what, "a config, a run folder, or a published model (models/NAME)")
      ->required();
  command->callback([what, &common] { migrate(*what, common); });
}

}  // namespace photo51::commands
