#pragma once
/// Where a trained model's files lie.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/config/node.hpp"

namespace photo51::inference {

struct ModelFiles {
  std::filesystem::path config;                ///< config.yaml or model.yaml
  std::vector<std::filesystem::path> weights;  ///< one a member, by fold and repeat
  std::string unfinished;                      ///< what is missing of the run, in words; empty = nothing
};

/// Errors: usage (neither kind of folder, or a run that is not finished unless that is allowed), data (no
/// weights).
ModelFiles find_model(const std::filesystem::path& folder, bool allow_unfinished);
/// The key of a published model.yaml whose run was not finished.
inline constexpr const char* unfinished_key = "unfinished";
/// The config without what prediction does not need. Error (usage).
config::Node load_config(const ModelFiles& files);

}  // namespace photo51::inference
