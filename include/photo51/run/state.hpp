#pragma once
/// Whether a run is finished, and whether its results are still what it wrote.

#include <cstdint>
#include <filesystem>
#include <string>

namespace photo51::run {

/// What of a run's `train:` section counts after training.
struct Training {
  int64_t seed = 0;
  int64_t repeats = 1;  ///< models a fold
};
/// From the folder's config. Error (usage) when it cannot be read.
Training training_of(const std::filesystem::path& folder);

/// What is missing of a run's models in words ("1 of 3 models is not trained to the end (fold_2)"); empty
/// when all are there, and for weights that were copied without the run's `cases.csv`. Error (usage/data)
/// when the folder's config or cases cannot be read.
std::string missing_models(const std::filesystem::path& folder);

/// Writes into `result_hashes.json` the XXH3 of predictions.csv, predictions.json and cases.csv as they are
/// now.
void record_results(const std::filesystem::path& folder);
/// False when the run, of an older version, has no record. Error (data) that names the file which was changed
/// or removed since, or a member's predictions that were changed.
bool check_results(const std::filesystem::path& folder);

/// Writes into `result_hashes.json` the XXH3 of `predictions`, the text that `member` ("fold_2") is about to
/// write as its predictions.csv: recorded first, there is none of this run without a record.
void record_member(const std::filesystem::path& folder, const std::string& member,
                   const std::string& predictions);
/// Of a member's predictions.csv, which must be there: false when the run has no record of it. Error (data)
/// that names it when it was changed since.
bool check_member(const std::filesystem::path& folder, const std::string& member);

}  // namespace photo51::run
