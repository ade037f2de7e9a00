#include "photo51/run/state.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "photo51/config/node.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::run {
namespace {

namespace fs = std::filesystem;

constexpr std::array recorded{name::predictions, name::predictions_json, name::cases};

int64_t repeats_of(const fs::path& folder) {
  const config::Node document = config::load_lone_document(folder / name::config);
  const auto* train = document.find("train");
  const auto* repeats = train != nullptr ? train->find("repeats") : nullptr;
  return repeats != nullptr ? core::parse_int(repeats->text).value_or(1) : 1;
}

/// One split has no numbers of folds, or just one.
int64_t folds_of(const fs::path& folder) {
  const core::Table cases = core::read_table(folder / name::cases);
  const size_t fold = cases.require("fold");
  std::set<std::string> found;
  for (const auto& row : cases.rows)
    if (!row[fold].empty()) found.insert(row[fold]);
  return std::max<int64_t>(1, static_cast<int64_t>(found.size()));
}

}  // namespace

std::string missing_models(const fs::path& folder) {
  if (!fs::exists(folder / name::cases))
    return "";  // every run that was begun has it: these are copied weights
  const int64_t folds = folds_of(folder), repeats = repeats_of(folder);
  std::vector<std::string> missing;
  for (int64_t fold = 0; fold < folds; ++fold)
    for (int64_t repeat = 0; repeat < repeats; ++repeat) {
      const std::string member = member_name(fold, repeat);
      const fs::path place = folder / name::checkpoints / member;
      // Its predictions are the last that a member writes; weights may be there long before.
      if (!fs::exists(place / name::best) || !fs::exists(place / name::predictions))
        missing.push_back(member);
    }
  if (missing.empty()) return "";
  return std::to_string(missing.size()) + " of " + std::to_string(folds * repeats) + " models " +
         (missing.size() == 1 ? "is" : "are") + " not trained to the end (" + core::join(missing, ", ") + ")";
}

void record_results(const fs::path& folder) {
  nlohmann::ordered_json hashes = nlohmann::ordered_json::object();
  for (const char* file : recorded) hashes[file] = core::hash_file(folder / file);
  core::write_file_atomic(folder / name::result_hashes, core::json_text(hashes, 1) + "\n");
}

bool check_results(const fs::path& folder) {
  const fs::path record = folder / name::result_hashes;
  if (!fs::exists(record)) return false;
  const auto hashes =
      core::read_json_object(record, "go on with `photo51 train … --resume`, which writes it again");
  for (const char* file : recorded) {
    const auto hash = hashes.find(file);
    if (hash == hashes.end()) continue;
    const bool there = fs::exists(folder / file);
    if (there && hash->is_string() && hash->get<std::string>() == core::hash_file(folder / file)) continue;
    core::fail_data((folder / file).string() + ": " + (there ? "has been changed" : "has been removed") +
                    " since the run wrote it, so it is not scored as the run's result; `photo51 train … "
                    "--resume` writes it again");
  }
  return true;
}

}  // namespace photo51::run
