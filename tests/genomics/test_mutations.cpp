#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "photo51/genomics/expression.hpp"
#include "support/errors.hpp"

namespace photo51::genomics {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string header = "#version 2.4\nHugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\n";

TEST(Mutations, AGeneIsMutatedByAVariantThatChangesItsProtein) {
  const auto table = parse_expression(header +
                                          "TP53\tMissense_Mutation\tP1\nTP53\tNonsense_Mutation\tP1\n"
                                          "IDH1\tSilent\tP1\nIDH1\tMissense_Mutation\tP2-01A-11D\n"
                                          "ATRX\tFrame_Shift_Del\tP9\nCIC\tIntron\tP2\n",
                                      "m.maf", {"P1", "P2", "P3"});
  EXPECT_THAT(*table.genes, ElementsAre("IDH1", "TP53"));
  EXPECT_THAT(table.values, ElementsAre(0, 1, 1, 0, 0, 0));  // P3 was sequenced and has none
  EXPECT_EQ(table.row_of.at("P3"), 2U);
  EXPECT_EQ(table.elsewhere, 0);
  EXPECT_FALSE(parse_expression("gene\tP1\nA\t1\n", "e.tsv", {"P1"}).elsewhere);
}

TEST(Mutations, WhatIsWrongIsNamed) {
  const auto read = [](const std::string& text) { return parse_expression(text, "m.maf", {"P1"}); };
  PHOTO51_EXPECT_ERROR(read("Hugo_Symbol\tTumor_Sample_Barcode\nTP53\tP1\n"), data,
                       HasSubstr("m.maf: has no column `Variant_Classification`"));
  PHOTO51_EXPECT_ERROR(read(header + "TP53\tSilent\n"), data,
                       HasSubstr("m.maf:3: 2 cells, but the header names 3"));
  PHOTO51_EXPECT_ERROR(read(header + "\tSilent\tP1\n"), data, HasSubstr("m.maf:3: the variant has no gene"));
  PHOTO51_EXPECT_ERROR(read(header + "TP53\tSilent\t\n"), data,
                       HasSubstr("m.maf:3: the variant has no sample"));
  PHOTO51_EXPECT_ERROR(read(header + "TP53\tSilent\tQ7\n"), data,
                       AllOf(HasSubstr("no patient of the cohort (such as `P1`)"), HasSubstr("`Q7` do")));
}

}  // namespace
}  // namespace photo51::genomics
