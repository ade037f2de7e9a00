#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "photo51/genomics/expression.hpp"
#include "photo51/genomics/gene_sets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  const auto text = fuzz::text_of(bytes, count);
  fuzz::checked([&] {
    for (const auto& set : genomics::parse_gene_sets(text, "input"))
      if (set.genes.empty()) std::abort();
  });
  return fuzz::checked([&] {
    const auto table = genomics::parse_expression(text, "input", {"P1", "P2"});
    if (table.values.size() != table.patients.size() * table.genes->size()) std::abort();
  });
}
