#pragma once
/// What can be known of a cohort before a model is trained on it.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"

namespace photo51::data {

/// A file of a case that cannot be read: "case P7: input mri: channel flair: …".
struct BadFile {
  int64_t row = 0;
  std::string why;
};

/// Looks at every file of `rows` without reading it: there, a regular file, readable, a sound header.
std::vector<BadFile> check_files(const Cohort& cohort, const std::vector<int64_t>& rows);
/// Reads and prepares every input of `rows` in full, as for training (slides: every tile). Where a case
/// fails, each of its files is tried alone, so that all bad ones are named.
std::vector<BadFile> read_files(const Cohort& cohort, const std::vector<int64_t>& rows);
/// One message that lists them, up to twenty.
std::string list_of(const std::vector<BadFile>& bad);

/// Takes the hashes of all files of the cohort, which remembers them; several at a time, with progress.
void hash_files(const Cohort& cohort);

/// Error (data) when a head has nothing to learn from in these rows: no known label, a class of the head that
/// nobody has, all patients censored, one value only. `part` names the rows.
void check_learnable(const Cohort& cohort, const std::vector<int64_t>& rows, const std::string& part);
/// "IDH 12, wild type 30, unknown 2", "9 events, 14 censored", "33 known": the labels of a head among rows.
std::string label_counts(const Cohort& cohort, const std::vector<int64_t>& rows, const TaskSpec& spec);

/// For each manifest column the rows of the cohort in which it is blank.
struct BlankCount {
  std::string column;
  int64_t blank = 0;
};
std::vector<BlankCount> blank_cells(const Cohort& cohort);

}  // namespace photo51::data
