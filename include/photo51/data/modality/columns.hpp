#pragma once
/// The manifest columns that an input reads, by what their cells hold.

#include <optional>
#include <string>
#include <vector>

namespace photo51::data {

struct InputColumns {
  std::vector<std::string> channels{};  ///< files; `dwi@adc` stands in the column `dwi`
  /// The input that each channel is looked up in the columns of, "" = its own; empty = all their own.
  std::vector<std::string> origins{};
  std::string mask{};
  std::vector<std::string> values{};  ///< the cells are the values themselves
  std::vector<std::string> center{};  ///< numbers x and y, a place on the slide
  /// Of an input that is read from tables: a column that names them, or the path of one of all cases.
  std::optional<std::string> table{};
  bool bag = false;     ///< a cell names any number of files
  bool slides = false;  ///< files are opened as slides, and a column `<channel>.mpp` may say how fine
};

}  // namespace photo51::data
