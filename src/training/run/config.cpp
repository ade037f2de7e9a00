#include "training/run/config.hpp"

#include <functional>
#include <set>

#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;
using Values = std::vector<std::pair<std::string, std::string>>;  ///< dotted key, value

void flatten(const config::Node& node, const std::string& key, Values& values) {
  if (node.kind == config::Node::Kind::map) {
    for (const auto& [name, value] : node.entries)
      flatten(value, key.empty() ? name : key + "." + name, values);
  } else if (node.kind == config::Node::Kind::sequence) {
    std::vector<std::string> scalars;
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (node.items[i].kind == config::Node::Kind::scalar)
        scalars.push_back(node.items[i].text);
      else
        flatten(node.items[i], key + "." + std::to_string(i), values);
    }
    values.emplace_back(key, "[" + core::join(scalars, ", ") + "]");
  } else {
    values.emplace_back(key, node.text);
  }
}

Values values_of(ExperimentOptions& experiment) {
  Values values;
  flatten(config::dump(experiment), "", values);
  return values;
}

bool may_differ(const std::string& key) {
  static const std::set<std::string> keys{"cohort.manifest", "cohort.data_root", "cohort.on_bad_case",
                                          "cohort.max_gib_per_file"};
  return keys.contains(key) || key.starts_with("cohort.cache.");
}

bool is_named_file(const std::string& key, const std::string& value) {
  std::error_code code;
  return !key.starts_with("cohort.") && fs::path(value).is_absolute() && fs::is_regular_file(value, code);
}

std::string in_words(const std::string& key, const std::string* was, const std::string* is) {
  const size_t dot = key.rfind('.');
  const std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
  const auto one = [&](const std::string* value) {
    return value == nullptr ? "nothing" : "`" + name + ": " + *value + "`";
  };
  return (dot == std::string::npos ? "" : key.substr(0, dot) + ": ") + one(was) + " there, " + one(is) +
         " now";
}

}  // namespace

std::map<std::string, std::string> config_file_hashes(ExperimentOptions& experiment) {
  std::map<std::string, std::string> hashes;
  for (const auto& [key, value] : values_of(experiment))
    if (is_named_file(key, value)) hashes[key] = core::hash_file(value);
  return hashes;
}

std::string first_difference(ExperimentOptions& before, ExperimentOptions& now,
                             const std::map<std::string, std::string>& hashes) {
  const Values old_values = values_of(before), new_values = values_of(now);
  const std::map<std::string, std::string> old_of(old_values.begin(), old_values.end());
  const std::map<std::string, std::string> new_of(new_values.begin(), new_values.end());
  for (const auto& [key, value] : new_values) {
    const auto was = old_of.find(key);
    if (may_differ(key)) continue;
    const auto hash = hashes.find(key);
    const bool same_file =
        hash != hashes.end() && is_named_file(key, value) && core::hash_file(value) == hash->second;
    if (same_file) continue;
    if (was == old_of.end() || was->second != value)
      return in_words(key, was == old_of.end() ? nullptr : &was->second, &value);
    if (hash != hashes.end()) return key + ": the content of " + value + " is not what it was";
  }
  for (const auto& [key, value] : old_values)
    if (!new_of.contains(key) && !may_differ(key)) return in_words(key, &value, nullptr);
  return "";
}

std::vector<fs::path> paths_in(ExperimentOptions& experiment) {
  std::vector<fs::path> paths;
  std::error_code code;
  for (const auto& [key, value] : values_of(experiment))
    if (fs::path(value).is_absolute() && fs::exists(value, code)) paths.emplace_back(value);
  return paths;
}

}  // namespace photo51::training
