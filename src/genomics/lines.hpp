#pragma once
/// Tables of text as lines and cells, without copying them: they are large, so they do not go through
/// core::Table.

#include <string_view>
#include <vector>

namespace photo51::genomics {

struct Lines {
  std::vector<std::string_view> text;
  std::vector<int> number;  ///< of each line in the file, from 1
};
/// The lines that are not blank, without their ends. Error (data) when there are more than `most`: a line
/// takes 100 bytes of memory or more.
Lines lines_of(std::string_view text, size_t most = 20'000'000);
/// Trimmed, quotes around it and the apostrophe of core::guarded taken off.
std::string_view cell_of(std::string_view text);
void split_line(std::string_view line, char separator, std::vector<std::string_view>& cells);

}  // namespace photo51::genomics
