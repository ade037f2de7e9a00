#pragma once
/// Whether a config is the one a run was started with.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "photo51/training/run/experiment.hpp"

namespace photo51::training {

/// Files that a config names (weights, gene sets; not the manifest, whose content is compared case by case):
/// by key, the hash of the content.
std::map<std::string, std::string> config_file_hashes(ExperimentOptions& experiment);
/// The first value in which `now` differs from the run's, in words; empty when the run may go on with it.
/// Places may differ (the manifest, the data's folder, the cache; other files when the content is that of
/// `hashes`), and so may `cohort.on_bad_case`.
std::string first_difference(ExperimentOptions& before, ExperimentOptions& now,
                             const std::map<std::string, std::string>& hashes);
/// Every file and folder that the config names.
std::vector<std::filesystem::path> paths_in(ExperimentOptions& experiment);

}  // namespace photo51::training
