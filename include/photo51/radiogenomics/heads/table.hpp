#pragma once
/// The table of heads: for each task what its heads are and which of the options are theirs.

#include <memory>
#include <string>
#include <vector>

#include "photo51/radiogenomics/heads/head.hpp"

namespace photo51::radiogenomics {

struct TaskHead {
  std::string task;  ///< a row of data's table of tasks
  /// Keys of HeadOptions that not every task has, and this one does: `table`, `genes`, `positive` (which
  /// brings `negative`), `time_unit`, `classes`, `loss`, `class_weights`, `label_smoothing`.
  std::vector<std::string> options = {};
  /// What the options say of the label beyond the usual (column, words, classes). Null = nothing.
  void (*label)(const HeadOptions&, data::TaskSpec&) = nullptr;
  /// The module; Errors (usage) for names that are not known.
  std::shared_ptr<Head> (*make)(const HeadOptions&, const data::TaskSpec&, int64_t width) = nullptr;
  /// Whether the loss of a batch without an event is undefined. Null = no.
  bool (*needs_event)(const HeadOptions&) = nullptr;
};

/// Adds the heads of a task that data::add_task has added, before a config is read. Errors (usage): no such
/// task, heads that are there already, no `make`.
void add_head(TaskHead row);
/// Null when there is none.
const TaskHead* find_head(const std::string& task);
/// Error (usage): no such task, no heads for it.
const TaskHead& head_of(const std::string& task);
/// The tasks that have heads, in the order of the table.
std::vector<std::string> head_tasks();

/// What a head of some options sees.
enum class Sees {
  fusion,      ///< one embedding of its inputs
  embeddings,  ///< those of its inputs side by side
  heads        ///< what other heads say
};
Sees seen_by(const HeadOptions& options);

/// Whether the loss of a head of these options is undefined for a batch without an event.
bool needs_event(const HeadOptions& options);
/// What a head of these options reads from the manifest. Error (usage) as of `head_of`.
data::TaskSpec task_spec(const std::string& head, const HeadOptions& options);

}  // namespace photo51::radiogenomics
