#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/core/error.hpp"
#include "photo51/genomics/gene_sets.hpp"
#include "support/shared_data.hpp"

namespace photo51::genomics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gene_set_failure(const std::string& text) {
  try {
    parse_gene_sets(text, "s.gmt");
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "no error";
}

TEST(GeneSets, Reads) {
  const auto sets = parse_gene_sets("A\turl\tX\tY\tX\t\t\r\n\nB\t\tY\tZ\n", "s.gmt");
  ASSERT_EQ(sets.size(), 2U);
  EXPECT_EQ(sets[0].name, "A");
  EXPECT_EQ(sets[0].description, "url");
  EXPECT_THAT(sets[0].genes, ElementsAre("X", "Y"));
  EXPECT_THAT(genes_of(sets), ElementsAre("X", "Y", "Z"));
}

TEST(GeneSets, Errors) {
  EXPECT_THAT(gene_set_failure("\n\n"), HasSubstr("no gene set"));
  EXPECT_THAT(gene_set_failure("A\turl\tX\nB\turl\n"), HasSubstr("s.gmt:2: the set `B` has no genes"));
  EXPECT_THAT(gene_set_failure("A\turl\tX\nA\turl\tY\n"), HasSubstr("s.gmt:2: the set `A` stands twice"));
  EXPECT_THROW(read_gene_sets("/nowhere/s.gmt"), core::Error);
}

TEST(GeneSets, Hallmark) {
  PHOTO51_NEEDS_SHARED_DATA("tables");
  const auto sets = read_gene_sets(test::shared_data() / "tables" / "h.all.v6.2.symbols.gmt");
  EXPECT_EQ(sets.size(), 50U);
  EXPECT_EQ(sets[0].name, "HALLMARK_TNFA_SIGNALING_VIA_NFKB");
  EXPECT_EQ(sets[0].genes.size(), 200U);
}

}  // namespace
}  // namespace photo51::genomics
