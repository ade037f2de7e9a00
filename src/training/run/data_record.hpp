#pragma once
/// What the data of a run were: a hash of every case's inputs and of the rest that is used of it, so that a
/// run goes on only with the same, wherever they lie, and an error names the case that changed.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::training {

/// A case and an input of it ("" = its row of the manifest) that are not what they were.
struct DataChange {
  std::string case_id, input;
};

/// `data_hashes.csv`: `case,row` and a column an input, in the order of the cohort. A file that cannot be
/// read
/// (`on_bad_case: skip`) has the hash "unreadable".
std::string data_hashes(const data::Cohort& cohort);
/// What differs between two of these texts. Other patients, or another order, are one change without a case.
/// Error (data) when `before`, the content of `file`, is broken.
std::vector<DataChange> data_changes(const std::filesystem::path& file, const std::string& before,
                                     const std::string& now);

}  // namespace photo51::training
