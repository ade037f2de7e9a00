#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "photo51/core/table.hpp"

/// Every row has as many cells as there are columns, and what is written of it reads back to the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  return fuzz::checked([&] {
    const auto table = core::parse_table(fuzz::text_of(bytes, count), "input");
    std::vector<std::string> header;
    for (size_t i = 0; i < table.columns.size(); ++i) header.push_back("c" + std::to_string(i));
    std::string text = core::csv_row(header);
    for (const auto& row : table.rows) {
      if (row.size() != table.columns.size()) std::abort();
      text += core::csv_row(row);
    }
    if (table.columns.size() < 2) return;  // a lone cell may be blank, or name the separator
    try {
      if (core::parse_table(text, "written").rows != table.rows) std::abort();
    } catch (const core::Error&) {
      std::abort();
    }
  });
}
