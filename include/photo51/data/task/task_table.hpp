#pragma once
/// A room's table with a row for each task that the room can do something for.

#include <deque>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {

/// `Row` has a member `task`, the name of a row of the table of tasks. Rows stay where they are and are never
/// taken away; they are added before a config is read, from one thread.
template <class Row>
class TaskTable {
 public:
  /// `what` a row is ("metrics") and the function that adds one ("evaluation::add_metrics"), for messages.
  TaskTable(std::string what, std::string adder, std::initializer_list<Row> rows)
      : what_(std::move(what)), adder_(std::move(adder)), rows_(rows) {}

  const std::deque<Row>& rows() const { return rows_; }
  const Row* find(const std::string& task) const {
    for (const auto& row : rows_)
      if (row.task == task) return &row;
    return nullptr;
  }
  /// Errors (usage): no such task; no row for it, with the function that adds one.
  const Row& at(const std::string& task) const {
    if (const Row* row = find(task)) return *row;
    task_named(task);
    core::fail_usage("the task `" + task + "` has no " + what_ + "; add it with " + adder_ +
                     " before a config is read");
  }
  /// Errors (usage): no such task, a row that is there already, `complete` is false.
  void add(Row row, bool complete) {
    core::with_context(adder_, [&] {
      task_named(row.task);
      if (find(row.task) != nullptr)
        core::fail_usage("the task `" + row.task + "` has its " + what_ + " already");
      if (!complete) core::fail_usage("the row of the task `" + row.task + "` lacks a function");
    });
    rows_.push_back(std::move(row));
  }

 private:
  std::string what_, adder_;
  std::deque<Row> rows_;
};

}  // namespace photo51::data
