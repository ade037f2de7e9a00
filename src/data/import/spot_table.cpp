#include "data/import/spot_table.hpp"

#include <algorithm>

#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

constexpr char kHeader[] = "barcode,in_tissue,array_row,array_col,pxl_row_in_fullres,pxl_col_in_fullres\n";

/// Six cells of which the second is 0 or 1 and the others after it are numbers.
bool lacks_header(const std::string& text) {
  const auto cells = core::split(text.substr(0, text.find('\n')), ',');
  if (cells.size() != 6 || (core::trim(cells[1]) != "0" && core::trim(cells[1]) != "1")) return false;
  return std::all_of(cells.begin() + 2, cells.end(), [](const std::string& cell) {
    return core::parse_double(core::trim(cell)).has_value();
  });
}

}  // namespace

core::Table read_spot_table(const std::filesystem::path& path, const SpotOptions& options,
                            int64_t& off_tissue) {
  const std::string text = core::read_text(path);
  const bool bare = lacks_header(text);
  core::Table table = core::parse_table(bare ? kHeader + text : text, path.string());
  // The header was put in front of the file's own lines.
  for (int& line : table.lines) line -= bare ? 1 : 0;
  const auto rename = [&](const char* from, const std::string& to) {
    const auto column = table.find(from);
    if (column && !table.find(to)) table.columns[*column] = to;
  };
  if (!table.find("barcode") || !table.find("pxl_row_in_fullres")) return table;
  rename("barcode", options.spot);
  rename("pxl_col_in_fullres", options.x);
  rename("pxl_row_in_fullres", options.y);
  const auto in_tissue = table.find("in_tissue");
  if (!in_tissue || options.off_tissue) return table;
  core::Table kept{table.source, table.columns, {}, {}, table.warnings};
  for (size_t row = 0; row < table.rows.size(); ++row) {
    if (table.rows[row][*in_tissue] == "0") {
      ++off_tissue;
      continue;
    }
    kept.rows.push_back(table.rows[row]);
    kept.lines.push_back(table.lines[row]);
  }
  return kept;
}

}  // namespace photo51::data
