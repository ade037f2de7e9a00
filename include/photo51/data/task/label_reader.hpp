#pragma once
/// Reads the labels of a head from the manifest row by row, with the same messages for every task.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/load/case.hpp"
#include "photo51/data/task/label_source.hpp"
#include "photo51/data/task/task_spec.hpp"

namespace photo51::data {

class LabelReader {
 public:
  LabelReader(const LabelSource& source, const TaskSpec& spec) : source_(source), spec_(spec) {}

  /// Error (data) when there is no such column and labels are required; else nothing then.
  std::optional<size_t> find(const std::string& column) const;
  /// All unknown: what is returned when a column is not there.
  std::vector<Case::Label> unknown() const;
  /// A label a row, by `label`, whose Errors leave this function when labels are required; else the label is
  /// unknown, and the manifest has one warning with the first of them. Words such as `none` are blanks to
  /// most and a class to some: those of `column` that are not `named` are warned of.
  std::vector<Case::Label> read(size_t column, const std::vector<std::string>& named,
                                const std::function<Case::Label(size_t row)>& label) const;

  /// Errors (data) with file:line and a remedy: a cell that is no finite number; any cell.
  double number(size_t row, size_t column, const std::string& expected) const;
  [[noreturn]] void fail(size_t row, size_t column, const std::string& expected,
                         const std::string& more = "") const;

 private:
  void warn_of_blanks(size_t column, const std::vector<std::string>& named) const;

  const LabelSource& source_;
  const TaskSpec& spec_;
};

}  // namespace photo51::data
