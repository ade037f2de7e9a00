#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "genomics/mutations.hpp"

/// As many values as patients and genes, each of them 0 or 1.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  const auto text = fuzz::text_of(bytes, count);
  if (!genomics::is_maf(text)) return 0;  // which its caller asks first
  return fuzz::checked([&] {
    const auto table = genomics::parse_mutations(text, "input", {"P1", "P2"});
    if (table.values.size() != table.patients.size() * table.genes->size()) std::abort();
    for (const auto value : table.values)
      if (value != 0 && value != 1) std::abort();
  });
}
