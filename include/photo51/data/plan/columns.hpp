#pragma once
/// What the columns of a manifest are, told from their names and cells alone; no file is opened.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/table.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::data {

/// What the user says of it; what is said is not guessed.
struct ColumnHints {
  std::string id, site;                       ///< columns; empty = by name
  std::map<std::string, std::string> inputs;  ///< column -> modality
  std::map<std::string, std::string>
      labels;                        ///< column -> task, "" = by its words; if any, there are no others
  std::vector<std::string> ignored;  ///< columns
  std::filesystem::path data_root;   ///< of relative paths; empty = the manifest's folder
};

/// A column whose cells name files or folders.
struct FileColumn {
  std::string name;
  std::vector<std::pair<size_t, std::filesystem::path>> files;  ///< row, and the first that its cell names
  bool bag = false;                                             ///< some cell names several
};

struct PlannedLabel {
  TaskSpec spec;
  std::string why;                ///< "two words: 0 (14), 1 (10)"
  std::vector<int64_t> counts{};  ///< of its classes, or censored and events
};

struct ColumnNote {
  std::string column, text;
};

struct ManifestColumns {
  std::string id, id_why;
  std::string site;                      ///< empty = none
  std::map<std::string, int64_t> sites;  ///< rows of each
  std::string group;                     ///< rows that share a value are one patient's; empty = none
  std::vector<FileColumn> images;        ///< of image files, masks and slides
  std::vector<FileColumn> tables;        ///< of tables
  std::vector<std::string> clinical;     ///< known of a new patient: age, sex, …
  std::vector<PlannedLabel> labels;
  std::vector<ColumnNote> left_out;  ///< what is not clear, or not of use, with the remedy
};

/// Errors: usage (a hint names no column of the manifest, with the nearest); data (no rows, no column of ids,
/// a path that leads nowhere, with file:line).
ManifestColumns read_columns(const core::Table& table, const ColumnHints& hints = {});

}  // namespace photo51::data
