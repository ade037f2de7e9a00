#include "inference/model_files.hpp"

#include <algorithm>

#include "inference/published.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/run/format.hpp"
#include "photo51/run/layout.hpp"
#include "photo51/run/state.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

/// fold_2 before fold_10.
bool by_number(const fs::path& a, const fs::path& b) {
  const auto numbers = [](const std::string& text) {
    std::vector<long long> found;
    for (const auto& word : core::split(text, '_'))
      if (const auto number = core::parse_int(word)) found.push_back(*number);
    return found;
  };
  const std::string left = a.stem().string(), right = b.stem().string();
  return numbers(left) != numbers(right) ? numbers(left) < numbers(right) : left < right;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) found.push_back(entry.path());
  std::sort(found.begin(), found.end(), by_number);
  return found;
}

void require_finished(const fs::path& folder, const ModelFiles& files, bool allow_unfinished) {
  if (files.unfinished.empty() || allow_unfinished) return;
  core::fail_usage(folder.string() + ": the run is not finished: " + files.unfinished +
                   "; go on with `photo51 train … --resume`, or give --allow-unfinished to use it as it is");
}

}  // namespace

ModelFiles find_model(const fs::path& folder, bool allow_unfinished) {
  ModelFiles files;
  if (fs::exists(folder / run::name::published)) {
    files.config = folder / run::name::published;
    require_inside(files.config, folder);
    const config::Node document = config::load_lone_document(files.config);
    if (const auto* unfinished = document.find(unfinished_key)) files.unfinished = unfinished->text;
    require_finished(folder, files, allow_unfinished);
    for (const auto& path : entries(folder)) {
      if (run::is_published_weights(path.filename().string())) {
        require_inside(path, folder);
        files.weights.push_back(path);
      }
    }
    if (files.weights.empty())
      core::fail_data(folder.string() + ": there is a model.yaml but no weights*.safetensors");
    return files;
  }
  files.config = folder / run::name::config;
  if (!fs::exists(files.config))
    core::fail_usage(folder.string() +
                     ": neither a run folder (no config.yaml) nor a published model (no model.yaml)");
  run::check_format(folder);
  for (const auto& path : entries(folder / run::name::checkpoints))
    if (fs::exists(path / run::name::best)) files.weights.push_back(path / run::name::best);
  if (files.weights.empty())
    core::fail_data((folder / run::name::checkpoints).string() +
                    ": no fold_K/best.safetensors; the run has trained no model yet, go on with `photo51 "
                    "train … --resume`");
  files.unfinished = run::missing_models(folder);
  require_finished(folder, files, allow_unfinished);
  return files;
}

config::Node load_config(const ModelFiles& files) {
  config::Node document = config::load_lone_document(files.config);
  document.erase("train");
  document.erase("evaluate");
  document.erase(unfinished_key);
  if (files.config.filename() == run::name::published) check_published(document, files.config);
  return document;
}

}  // namespace photo51::inference
