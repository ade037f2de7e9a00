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
#include "photo51/core/text.hpp"
#include "photo51/run/cases.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::run {
namespace {

namespace fs = std::filesystem;

constexpr std::array recorded{name::predictions, name::predictions_json, name::cases};

/// One split has no numbers of folds, or just one.
int64_t folds_of(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& one : read_cases(folder))
    if (!one.fold.empty()) found.insert(one.fold);
  return std::max<int64_t>(1, static_cast<int64_t>(found.size()));
}

std::string key_of(const std::string& member) {
  return (fs::path(name::checkpoints) / member / name::predictions).generic_string();
}

/// Not an object where the record is broken; empty without one.
nlohmann::ordered_json read_hashes(const fs::path& folder) {
  const fs::path record = folder / name::result_hashes;
  if (!fs::exists(record)) return nlohmann::ordered_json::object();
  return core::parse_json(core::read_file(record)).value_or(nlohmann::ordered_json());
}

/// A broken record says nothing: it is begun anew.
nlohmann::ordered_json hashes_to_add_to(const fs::path& folder) {
  auto hashes = read_hashes(folder);
  return hashes.is_object() ? hashes : nlohmann::ordered_json::object();
}

void write_hashes(const fs::path& folder, const nlohmann::ordered_json& hashes) {
  core::write_file_atomic(folder / name::result_hashes, core::json_text(hashes, 1) + "\n");
}

/// False when there is no record of it.
bool check_predictions(const fs::path& folder, const std::string& key, const nlohmann::ordered_json& hashes) {
  const auto hash = hashes.find(key);
  if (hash == hashes.end()) return false;
  if (*hash == core::hash_file(folder / key)) return true;
  core::fail_data((folder / key).string() +
                  ": has been changed since the run wrote it; put it back, or remove it and go on with "
                  "`photo51 train … --resume`, which predicts again by the weights beside it");
}

}  // namespace

Training training_of(const fs::path& folder) {
  const config::Node document = config::load_lone_document(folder / name::config);
  const auto* train = document.find("train");
  const auto number = [&](const char* key, int64_t otherwise) {
    const auto* found = train != nullptr ? train->find(key) : nullptr;
    return found != nullptr ? core::parse_int(found->text).value_or(otherwise) : otherwise;
  };
  return {.seed = number("seed", 0), .repeats = number("repeats", 1)};
}

std::string missing_models(const fs::path& folder) {
  if (!fs::exists(folder / name::cases))
    return "";  // every run that was begun has it: these are copied weights
  const int64_t folds = folds_of(folder), repeats = training_of(folder).repeats;
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
  auto hashes = hashes_to_add_to(folder);
  for (const char* file : recorded) hashes[file] = core::hash_file(folder / file);
  write_hashes(folder, hashes);
}

bool check_results(const fs::path& folder) {
  const auto hashes = read_hashes(folder);
  if (!hashes.is_object())
    core::fail_data((folder / name::result_hashes).string() +
                    ": is broken; go on with `photo51 train … --resume`, which writes it again");
  for (const char* file : recorded) {
    const auto hash = hashes.find(file);
    if (hash == hashes.end()) continue;
    const bool there = fs::exists(folder / file);
    if (there && hash->is_string() && hash->get<std::string>() == core::hash_file(folder / file)) continue;
    core::fail_data((folder / file).string() + ": " + (there ? "has been changed" : "has been removed") +
                    " since the run wrote it, so it is not scored as the run's result; `photo51 train … "
                    "--resume` writes it again");
  }
  for (const auto& file : contents_of(folder).files)
    if (file.filename() == name::predictions && file.parent_path() != folder)
      check_predictions(folder, file.lexically_relative(folder).generic_string(), hashes);
  return hashes.contains(name::predictions);
}

void record_member(const fs::path& folder, const std::string& member, const std::string& predictions) {
  auto hashes = hashes_to_add_to(folder);
  hashes[key_of(member)] = core::hash_bytes(predictions);
  write_hashes(folder, hashes);
}

bool check_member(const fs::path& folder, const std::string& member) {
  return check_predictions(folder, key_of(member), hashes_to_add_to(folder));
}

}  // namespace photo51::run
