#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "photo51/core/table.hpp"

/// Every row has as many cells as there are columns.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  return fuzz::checked([&] {
    const auto table = core::parse_table(fuzz::text_of(bytes, count), "input");
    for (const auto& row : table.rows)
      if (row.size() != table.columns.size()) std::abort();
  });
}
