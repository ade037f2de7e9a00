#pragma once
/// What was odd about the files of one input of one case, as it travels with what is made of them.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "photo51/data/cohort/warnings.hpp"

namespace photo51::imaging {
struct Volume;
}
namespace photo51::preprocess {
struct Prepared;
}

namespace photo51::data {

struct FileWarning {
  int64_t channel = 0;  ///< index into the row's files; of a bag 0, its instance's file; -1 = the mask
  std::string text;

  bool operator==(const FileWarning&) const = default;
};
using FileWarnings = std::vector<FileWarning>;

/// Adds those of a volume, each once.
void take_warnings(FileWarnings& into, const imaging::Volume& volume, int64_t channel);
/// Adds those of a preparation whose files give `planes` channels each.
void take_warnings(FileWarnings& into, const preprocess::Prepared& prepared, int64_t planes);

/// Logs what is said of a whole cohort, which a command may read more than once: once a process.
void log_once(const Warning& warning);

/// For entries of the disk cache: [[channel, text], …].
nlohmann::json to_json(const FileWarnings& warnings);
FileWarnings file_warnings_from(const nlohmann::json& json);

}  // namespace photo51::data
