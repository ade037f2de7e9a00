#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "genomics/lines.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/genomics/expression.hpp"
#include "support/shared_data.hpp"

namespace photo51::genomics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> patients{"P1", "P2", "P3"};

std::string failure(const std::string& text, const std::vector<std::string>& ids = patients) {
  try {
    parse_expression(text, "e.tsv", ids);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
  return "no error";
}

TEST(Expression, GenesByPatients) {
  const auto table =
      parse_expression("gene\tP2\tX9\tP1\nTP53\t1.5\t9\t2\nIDH1\t\t9\t-3e1\n", "e.tsv", patients);
  EXPECT_THAT(table.patients, ElementsAre("P2", "P1"));
  EXPECT_THAT(*table.genes, ElementsAre("TP53", "IDH1"));
  EXPECT_EQ(table.row(0)[0], 1.5F);
  EXPECT_TRUE(std::isnan(table.row(0)[1]));
  EXPECT_EQ(table.row(table.row_of.at("P1"))[0], 2.0F);
  EXPECT_EQ(table.row(table.row_of.at("P1"))[1], -30.0F);
}

TEST(Expression, PatientsByGenesGivesTheSame) {
  const auto table =
      parse_expression("id,TP53,IDH1\r\nP2,1.5,NA\r\nX9,9,9\r\nP1,2,-3e1\r\n", "e.csv", patients);
  EXPECT_THAT(table.patients, ElementsAre("P2", "P1"));
  EXPECT_THAT(*table.genes, ElementsAre("TP53", "IDH1"));
  EXPECT_TRUE(std::isnan(table.row(0)[1]));
  EXPECT_EQ(table.row(1)[1], -30.0F);
}

TEST(Expression, HeaderWithoutCornerAndQuotes) {
  const auto table = parse_expression("\"P1\"\t\"P3\"\n\"TP53\"\t1\t2\n", "e.tsv", patients);
  EXPECT_THAT(table.patients, ElementsAre("P1", "P3"));
  EXPECT_THAT(*table.genes, ElementsAre("TP53"));
  EXPECT_EQ(table.row(1)[0], 2.0F);
}

TEST(Expression, OneSampleMayHaveAnyName) {
  const auto tall = parse_expression("gene\tvalue\nA\t1\nB\t2\n", "e.tsv", {"case"});
  EXPECT_THAT(tall.patients, ElementsAre("case"));
  EXPECT_EQ(tall.row(0)[1], 2.0F);
  const auto wide = parse_expression("id\tA\tB\ns\t1\t2\n", "e.tsv", {"case"});
  EXPECT_THAT(*wide.genes, ElementsAre("A", "B"));
  EXPECT_EQ(wide.row(0)[1], 2.0F);
}

TEST(Expression, Errors) {
  EXPECT_THAT(failure(""), HasSubstr("e.tsv: the table needs a header"));
  EXPECT_THAT(failure("gene\tP1\n"), HasSubstr("at least one row"));
  EXPECT_THAT(failure("gene\tQ1\tQ2\nTP53\t1\t2\nIDH1\t1\t2\n"), HasSubstr("no patient of the cohort"));
  EXPECT_THAT(failure("gene\tQ1\tQ2\nTP53\t1\t2\nIDH1\t1\t2\n"), HasSubstr("such as `Q1`"));
  EXPECT_THAT(failure("gene\tP1\nP2\t1\n"), HasSubstr("cannot be told"));
  EXPECT_THAT(failure("gene\tP1\tP1\nTP53\t1\t2\n"), HasSubstr("patient `P1` stands twice"));
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\t1\t2\nTP53\t1\t2\n"), HasSubstr("gene `TP53` stands twice"));
  EXPECT_THAT(failure("gene\tP1\tP2\n\t1\t2\n"), HasSubstr("a gene has no name"));
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\t1\t2\nIDH1\t1\n"), HasSubstr("e.tsv:3: 1 values"));
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\t1\thigh\n"), HasSubstr("e.tsv:2: column `P2`: `high`"));
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\t1\tinf\n"), HasSubstr("not a finite number"));
  EXPECT_THROW(read_expression("/nowhere/e.tsv", patients), core::Error);
}

TEST(Expression, TablesOfSpreadsheets) {
  const auto table = parse_expression(
      "sep=;\r\ngene;P1;P2\r\nTP53;0,5;-1,25e1\r\nIDH1;3;[Not Available]\r\n;;\r\n", "e.csv", patients);
  EXPECT_THAT(*table.genes, ElementsAre("TP53", "IDH1"));
  EXPECT_EQ(table.row(0)[0], 0.5F);
  EXPECT_EQ(table.row(1)[0], -12.5F);
  EXPECT_TRUE(std::isnan(table.row(1)[1]));
  EXPECT_EQ(parse_expression("gene;P1\nA;1.5\n", "e.csv", patients).row(0)[0], 1.5F);
  EXPECT_THAT(failure("gene;P1;P2\nA;1,5;1.5\n"),
              HasSubstr("e.tsv:2: column `P2`: `1.5` has a decimal point, but others have a comma"));
  EXPECT_THAT(failure("gene;P1;P2\nA;1.5;1,5\n"),
              HasSubstr("`1,5` has a decimal comma, but others have a point"));
  EXPECT_THAT(failure("gene\tP1\nA\t1,5\n"),
              HasSubstr("`1,5` is not a finite number; write its decimals with a point"));
  // UTF-16 with its mark, as spreadsheets save "Unicode text".
  std::string bytes = "\xFF\xFE";
  for (const char c : std::string("gene\tP1\nA\t2\n")) bytes += {c, '\0'};
  EXPECT_EQ(parse_expression(bytes, "e.txt", patients).row(0)[0], 2.0F);
  testing::internal::CaptureStderr();
  EXPECT_EQ((*parse_expression("gene\tP1\n\xB5\t2\n", "e.tsv", patients).genes)[0], "\xC2\xB5");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("e.tsv:2: is not UTF-8"));
}

TEST(Expression, ReadsGct) {
  const std::string older =
      "#1.2\n2\t3\nName\tDescription\tP2\tX9\tP1\n"
      "ENSG1\tTP53\t1.5\t9\t2\nENSG2\t\t\t9\t-3e1\n";
  const std::string newer =
      "#1.3\r\n2\t3\t2\t1\r\nid\tsymbol\tband\tP2\tX9\tP1\r\nsite\tna\tna\tA\tB\tC\r\n"
      "ENSG1\tTP53\t17p\t1.5\t9\t2\r\nENSG2\tIDH1\t2q\tNA\t9\t-30\r\n";
  const std::string saved =
      "#1.2,,,,\n2,3,,,\nName,Description,P2,X9,P1\n"
      "ENSG1,TP53,1.5,9,2\nENSG2,,,9,-30\n,,,,\n";
  for (const auto& text : {older, newer, saved, "sep=\t\n" + older}) {
    const auto table = parse_expression(text, "e.gct", patients);
    EXPECT_THAT(table.patients, ElementsAre("P2", "P1")) << text;
    EXPECT_THAT(*table.genes, ElementsAre("ENSG1", "ENSG2")) << text;
    EXPECT_EQ(table.row(0)[0], 1.5F) << text;
    EXPECT_TRUE(std::isnan(table.row(0)[1])) << text;
    EXPECT_EQ(table.row(1)[0], 2.0F) << text;
    EXPECT_EQ(table.row(1)[1], -30.0F) << text;
  }
  // One sample of any name, and a gene that is called as a patient is.
  const auto one = parse_expression("#1.2\n1\t1\nNAME\tDESCRIPTION\ts\nP1\tx\t4\n", "e.gct", {"P1"});
  EXPECT_THAT(*one.genes, ElementsAre("P1"));
  EXPECT_EQ(one.row(0)[0], 4.0F);
}

TEST(Expression, ADamagedGctIsRefused) {
  const std::string header = "Name\tDescription\tP1\tP2\n", row = "A\ta\t1\t2\n";
  EXPECT_THAT(failure("#1.1\n1\t2\n" + header + row),
              HasSubstr("e.tsv:1: GCT of version `#1.1` is not read; save it as #1.2 or #1.3"));
  EXPECT_THAT(failure("#1.2\n1\t2\n"), HasSubstr("e.tsv: the GCT ends before its header"));
  EXPECT_THAT(failure("#1.2\n"), HasSubstr("e.tsv: the GCT ends before its header"));
  for (const std::string wrong : {"1", "1\t2\t3", "1\tx", "-1\t2", "99999999999999999999\t2", "1.0\t2"})
    EXPECT_THAT(failure("#1.2\n" + wrong + "\n" + header + row),
                HasSubstr("e.tsv:2: the dimensions are `" + wrong + "`, but should be the numbers of rows"));
  EXPECT_THAT(failure("#1.3\n1\t2\n" + header + row), HasSubstr("but should be four numbers"));
  EXPECT_THAT(failure("#1.2\n2\t2\n" + header + row),
              HasSubstr("e.tsv:2: says 2 rows, but the table has 1; the file may be cut off"));
  EXPECT_THAT(failure("#1.2\n1\t2\n" + header + row + "B\tb\t1\t2\n"), HasSubstr("but the table has 2"));
  EXPECT_THAT(failure("#1.3\n1\t2\t1\t1\n" + header + row),
              HasSubstr("says 1 rows and 1 about the columns, but the table has 1"));
  EXPECT_THAT(failure("#1.3\n1\t2\t1\t9223372036854775807\n" + header + row), HasSubstr("the table has 1"));
  EXPECT_THAT(
      failure("#1.2\n1\t3\n" + header + row),
      HasSubstr("e.tsv:3: the header has 4 cells, of which 2 name columns of values, but line 2 says 3"));
  EXPECT_THAT(failure("#1.3\n1\t0\t9223372036854775807\t0\n" + header + row),
              HasSubstr("of which 0 name columns of values, but line 2 says 0"));
  EXPECT_THAT(
      failure("#1.2\n1\t2\ngene\tP1\tP2\nA\t1\t2\n"),
      HasSubstr("e.tsv:3: the header of a GCT begins with Name and Description, not with `gene` and `P1`"));
  EXPECT_THAT(failure("#1.2\n1\t2\n" + header + "A\ta\t1\n"),
              HasSubstr("e.tsv:4: 1 values, but the header names 2"));
  EXPECT_THAT(failure("#1.2\n1\t2\n" + header + "A\n"), HasSubstr("e.tsv:4: 0 values"));
  EXPECT_THAT(failure("#1.2\n1\t2\n" + header + "A\ta\t1\thigh\n"),
              HasSubstr("e.tsv:4: column `P2`: `high` is not a finite number"));
  EXPECT_THAT(failure("#1.2\n0\t2\n" + header), HasSubstr("at least one row"));
}

TEST(Expression, RemarksBeforeTheHeaderArePassedOver) {
  const auto table = parse_expression(
      "# Program:counts v2; Command:\"counts\" \"-a\"\nGeneid\tLength\tP1\nTP53\t10\t3\n", "e.txt", {"P1"});
  EXPECT_EQ(table.row(0)[0], 3.0F);
  EXPECT_EQ(parse_expression("\nsep=;\n# of today\ngene;P1\nTP53;0,5\n", "e.csv", {"P1"}).row(0)[0], 0.5F);
  EXPECT_THAT(failure("# of today\ngene\tP1\nTP53\thigh\n"), HasSubstr("e.tsv:3: column `P1`"));
}

TEST(Expression, LargeTableIsFast) {
  std::string text = "gene";
  std::vector<std::string> ids;
  for (int p = 0; p < 200; ++p) {
    ids.push_back("P" + std::to_string(p));
    text += "\t" + ids.back();
  }
  for (int g = 0; g < 5000; ++g) {
    text += "\nG" + std::to_string(g);
    for (int p = 0; p < 200; ++p) text += "\t" + std::to_string(g % 97) + ".25" + std::to_string(p % 10);
  }
  const auto start = std::chrono::steady_clock::now();
  const auto table = parse_expression(text, "e.tsv", ids);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_FLOAT_EQ(table.row(7)[98], 1.257F);
  RecordProperty("million_values_per_second", std::to_string(1 / seconds.count()));
  EXPECT_LT(seconds.count(), 5);  // about 0.1 s on a quiet machine
}

TEST(Expression, LggTable) {
  PHOTO51_NEEDS_SHARED_DATA("lgg");
  const auto table =
      read_expression(test::shared_data() / "lgg" / "expression.tsv", {"TCGA-CS-4941", "absent"});
  EXPECT_THAT(table.patients, ElementsAre("TCGA-CS-4941"));
  EXPECT_EQ(table.genes->size(), 1544U);
}

TEST(Expression, NumbersBeyondAFloatAreRefused) {
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\t1\t1e39\n"),
              HasSubstr("e.tsv:2: column `P2`: `1e39` is not a finite number"));
  EXPECT_THAT(failure("gene\tP1\tP2\nTP53\tinf\t1\n"),
              HasSubstr("column `P1`: `inf` is not a finite number"));
}

TEST(Expression, RowsThatAreTooShortForTheHeaderTakeNoMemory) {
  // As many values as would fill 40 GB. Where no row has as many cells as the header, none of these is the
  // corner.
  std::string header = "gene", rows;
  std::vector<std::string> many;
  for (int i = 0; i < 100'000; ++i) {
    many.push_back("Q" + std::to_string(i));
    header += '\t' + many.back();
    rows += "\nG" + std::to_string(i);
  }
  EXPECT_THAT(failure(header + rows + "\n", many),
              HasSubstr("e.tsv:2: 0 values, but the header names 100001"));
}

TEST(Expression, GuardedNamesAreReadAsTheyWere) {
  const auto table = parse_expression("gene\tP1\n\"'=1+1\"\t1\n'-x\t-2\n''=x\t3\n", "e.tsv", {"P1"});
  EXPECT_THAT(*table.genes, ElementsAre("=1+1", "-x", "'=x"));
  EXPECT_EQ(table.row(0)[1], -2);
}

TEST(Lines, AreAtMostSoMany) {
  EXPECT_EQ(lines_of("a\n\nb\n", 2).text.size(), 2U);
  try {
    lines_of("a\nb\nc\n", 2);
    FAIL() << "three lines";
  } catch (const core::Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the table has more than 2 lines; leave out those that are not needed"));
  }
}

}  // namespace
}  // namespace photo51::genomics
