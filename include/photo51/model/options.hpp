#pragma once
/// The `model:` section of a config.

#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/data/task/task_spec.hpp"
#include "photo51/fusion/options.hpp"
#include "photo51/radiogenomics/heads/options.hpp"
#include "photo51/radiogenomics/options.hpp"

namespace photo51::model {

struct ModelOptions {
  std::vector<std::pair<std::string, config::Choice>> encoders;  ///< by input name
  config::Choice fusion = config::choose<fusion::ConcatOptions>("concat");
  std::vector<std::pair<std::string, config::Choice>> heads;  ///< by task: radiogenomics/heads/options.hpp
  double dropout = 0;                                         ///< before the heads
};
void describe(config::Fields& f, ModelOptions& o);

/// What the heads ask of the manifest.
std::vector<data::TaskSpec> label_specs(const ModelOptions& options);

/// The tables of what a config may name, with what other code added. Error (usage): an encoder of images and
/// one of tables have the same name.
const config::Components& encoders();
const config::Components& fusions();

}  // namespace photo51::model
