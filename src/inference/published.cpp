#include "inference/published.hpp"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "inference/programs.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

/// Every field that is a path and has a value, by its dotted name.
class Paths final : public config::Fields {
 public:
  explicit Paths(std::string prefix = "") : prefix_(std::move(prefix)) {}

  void visit(config::Field field) override {
    const std::string key = prefix_.empty() ? field.name : prefix_ + "." + field.name;
    if (const auto* path = std::get_if<fs::path*>(&field.value)) {
      if (!(*path)->empty()) found.emplace_back(key, **path);
    } else if (const auto* section = std::get_if<config::Section>(&field.value)) {
      if (!section->present || section->present()) inside(key, section->describe);
    } else if (const auto* group = std::get_if<config::Group>(&field.value)) {
      for (const auto& name : group->keys()) inside(key + "." + name, group->at(name).describe);
    } else if (const auto* one = std::get_if<config::ChoiceField>(&field.value)) {
      inside(key, *one->choice);
    } else if (const auto* list = std::get_if<config::ChoiceList>(&field.value)) {
      for (const auto& choice : *list->choices) inside(key, choice);
    } else if (const auto* choices = std::get_if<config::ChoiceGroup>(&field.value)) {
      for (const auto& [name, choice] : *choices->choices) inside(key + "." + name, choice);
    }
  }

  std::vector<std::pair<std::string, fs::path>> found;

 private:
  template <class Describe>
  void inside(const std::string& key, const Describe& describe) {
    Paths inner(key);
    if constexpr (std::is_same_v<Describe, config::Choice>) {
      if (describe.empty()) return;
      describe.options->describe_to(inner);
    } else {
      describe(inner);
    }
    found.insert(found.end(), inner.found.begin(), inner.found.end());
  }

  std::string prefix_;
};

bool holds(const fs::path& folder, const fs::path& path) {
  std::error_code code;
  const fs::path whole = fs::weakly_canonical(fs::absolute(folder, code), code);
  const fs::path inner = fs::weakly_canonical(fs::absolute(path, code), code).lexically_relative(whole);
  return !code && !inner.empty() && *inner.begin() != "..";
}

[[noreturn]] void refuse(const fs::path& file, const std::string& key, const std::string& why) {
  core::fail_usage(file.string() + ": " + key + ": " + why);
}

constexpr const char* alone =
    "; a published model names nothing outside its folder, so do not trust this one";

}  // namespace

void require_inside(const fs::path& file, const fs::path& folder) {
  if (!holds(folder.empty() ? fs::path(".") : folder, file))
    core::fail_data(file.string() + ": is a link that leads out of its folder" + alone);
}

bool leads_out(const std::string& table) {
  const fs::path path(table);
  return path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
}

void check_published(config::Node document, const fs::path& file) {
  if (const auto* cohort = document.find("cohort"))
    for (const char* key : {"manifest", "data_root", "cache"})
      if (const auto* found = cohort->find(key))
        core::fail_usage(found->where() + ": cohort." + key +
                         ": where data lie is said by who predicts, not by the model" + alone);
  config::drop_keys_of_others<PipelineOptions>(document);
  PipelineOptions pipeline;
  config::read(document, pipeline);
  Paths paths;
  describe(paths, pipeline);
  for (const auto& [key, path] : paths.found)
    if (!holds(file.parent_path().empty() ? fs::path(".") : file.parent_path(), path))
      refuse(file, key, path.string() + " lies outside the model's folder" + alone);
  for (const auto& program : program_files(pipeline))
    core::log_warning(program.file->string() + ": the model's " + program.user() + " of " + program.input +
                      " is a program of whoever made it, which will be run; use it only if you trust them");
  for (const auto& [name, input] : pipeline.inputs)
    if (const auto table = data::columns_of(input).table; table && leads_out(*table))
      refuse(file, "inputs." + name + ".table",
             "`" + *table + "` leads out of the manifest's folder" + alone);
  for (auto& [name, head] : pipeline.model.heads)
    if (const auto* table = radiogenomics::named_table(head); table != nullptr && leads_out(*table))
      refuse(file, "model.heads." + name + ".table",
             "`" + *table + "` leads out of the manifest's folder" + alone);
}

}  // namespace photo51::inference
