#pragma once
/// Where a trained model's files lie.

#include <filesystem>
#include <vector>

#include "photo51/config/node.hpp"

namespace photo51::inference {

struct ModelFiles {
  std::filesystem::path config;                ///< config.yaml or model.yaml
  std::vector<std::filesystem::path> weights;  ///< one a member, by fold and repeat
};

/// Errors: usage (neither kind of folder), data (no weights).
ModelFiles find_model(const std::filesystem::path& folder);
/// The config without what prediction does not need. Error (usage).
config::Node load_config(const ModelFiles& files);

}  // namespace photo51::inference
