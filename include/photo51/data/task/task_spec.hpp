#pragma once
/// What one head predicts: which task, and where its labels are.

#include <string>
#include <vector>

namespace photo51::data {

/// What a head reads from the manifest.
struct TaskSpec {
  std::string head;
  std::string task;          ///< name of a row of the table of tasks (task.hpp)
  std::string column;        ///< label; time for survival
  std::string event_column;  ///< survival
  /// binary, and the event column of survival: the words that are 1, and 0. Without `positive` the column
  /// holds 0 and 1, false and true, or no and yes; an event also alive and dead, 0:… and 1:…. An empty
  /// `negative` is the one other word, and is filled in from the data.
  std::vector<std::string> positive, negative;
  std::string time_unit = "days";   ///< survival: of the times, which stay as they are; or months, years
  std::vector<std::string> inputs;  ///< that the head sees; empty = all
  /// multiclass: names in order; expression: the genes. May be empty before fitting.
  std::vector<std::string> classes;
  std::string input;  ///< segmentation: the image that is outlined
  std::vector<int64_t>
      values;         ///< segmentation: of the mask, a class each; empty = one class, all that is not 0
  std::string table;  ///< expression: a file, relative to the manifest
};

}  // namespace photo51::data
