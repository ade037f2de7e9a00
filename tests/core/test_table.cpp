#include "photo51/core/table.hpp"

#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Cells = std::vector<std::string>;

TEST(Table, ReadsCommasQuotesBlanksAndLineNumbers) {
  const auto table =
      parse_table("\xEF\xBB\xBFpatient, age ,note\r\nP1, 61 ,\"a, \"\"b\"\"\nc\"\n\nP2,,\n", "c.csv");
  EXPECT_EQ(table.columns, (Cells{"patient", "age", "note"}));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0], (Cells{"P1", "61", "a, \"b\"\nc"}));
  EXPECT_EQ(table.rows[1], (Cells{"P2", "", ""}));
  EXPECT_EQ(table.lines, (std::vector<int>{2, 5}));
  EXPECT_EQ(table.where(1), "c.csv:5");
}

TEST(Table, ReadsTabsWhenTheHeaderHasOne) {
  const auto table = parse_table("gene\tTP53, mutant\nA\t1", "t.tsv");
  EXPECT_EQ(table.columns, (Cells{"gene", "TP53, mutant"}));
  EXPECT_EQ(table.rows[0], (Cells{"A", "1"}));
}

TEST(Table, LastCellMayBeEmptyWithoutALineEnd) {
  EXPECT_EQ(parse_table("a,b\n1,", "t").rows[0], (Cells{"1", ""}));
}

TEST(Table, FindsColumnsAndNamesTheNearest) {
  const auto table = parse_table("patient,site\nP1,A\n", "cohort.csv");
  EXPECT_EQ(table.find("site"), 1U);
  EXPECT_FALSE(table.find("Site").has_value());
  EXPECT_EQ(table.require("patient"), 0U);
  PHOTO51_EXPECT_ERROR(table.require("pateint"), data,
                       "cohort.csv: there is no column `pateint` (did you mean `patient`?)");
}

TEST(Table, RefusesBrokenTextWithItsLine) {
  PHOTO51_EXPECT_ERROR(parse_table("", "t"), data, HasSubstr("the table is empty"));
  PHOTO51_EXPECT_ERROR(parse_table(" \n \n", "t"), data, HasSubstr("the table is empty"));
  PHOTO51_EXPECT_ERROR(parse_table("a,,c\n", "t"), data, HasSubstr("t:1: column 2 has no name"));
  PHOTO51_EXPECT_ERROR(parse_table("a,b,a\n", "t"), data, HasSubstr("`a` stands twice"));
  PHOTO51_EXPECT_ERROR(parse_table("a,b\n1,2\n1,2,3\n", "t"), data,
                       HasSubstr("t:3: 3 cells, but the header has 2"));
  PHOTO51_EXPECT_ERROR(parse_table("a,b\n1,\"2\n3,4\n", "t"), data,
                       HasSubstr("t:2: a quote opens here and never closes"));
  PHOTO51_EXPECT_ERROR(parse_table("a,b\n1,\"2\"x\n", "t"), data,
                       HasSubstr("t:2: text after a closing quote"));
  PHOTO51_EXPECT_ERROR(read_table("/nonexistent/cohort.csv"), data,
                       HasSubstr("/nonexistent/cohort.csv: no such file"));
}

TEST(Table, ReadsSemicolonsWithDecimalCommas) {
  const auto table = parse_table("patient;age;note\r\nP1;61,5;\"a, b\"\r\nP2;-0,25;x;\r\n;;\r\n", "c.csv");
  EXPECT_EQ(table.columns, (Cells{"patient", "age", "note"}));
  EXPECT_EQ(table.rows, (std::vector<Cells>{{"P1", "61.5", "a, b"}, {"P2", "-0.25", "x"}}));
  ASSERT_EQ(table.warnings.size(), 1U);
  EXPECT_THAT(table.warnings[0], HasSubstr("c.csv:2: column `age`: `61,5`"));
  EXPECT_EQ(parse_table("id;files\nP1;1.5\n", "t").rows[0][1], "1.5");
  PHOTO51_EXPECT_ERROR(parse_table("id;a;b\nP1;0,5;x\nP2;1;1.200\n", "t"), data,
                       AllOf(HasSubstr("t:2: column `a`: `0,5` has a decimal comma"),
                             HasSubstr("t:3: column `b`: `1.200` has a point")));
  // A comma's table keeps its semicolons, which separate files.
  EXPECT_EQ(parse_table("id,files\nP1,a;b;c\n", "t").rows[0][1], "a;b;c");
}

TEST(Table, TheFirstLineMayNameTheSeparator) {
  const auto table = parse_table("sep=;\nid;a,b\nP1;2\n", "t");
  EXPECT_EQ(table.columns, (Cells{"id", "a,b"}));
  EXPECT_EQ(table.lines, std::vector<int>{3});
  EXPECT_EQ(parse_table("\"sep=|\"\r\nid|b\r\nP1|2\r\n", "t").rows[0], (Cells{"P1", "2"}));
  PHOTO51_EXPECT_ERROR(parse_table("sep=;\n", "t"), data, HasSubstr("the table is empty"));
}

TEST(Table, LinesThatDescribeTheColumnsAreNoHeader) {
  const std::string names = "#Patient Identifier\tSex\tAge, years\n#Identifier; unique\tSex\t\n";
  for (const std::string attribute : {"", "#PATIENT\tPATIENT\tPATIENT\n"}) {
    const auto table = parse_table(names + "#STRING\tSTRING\tNUMBER\n" + attribute +
                                       "#1\t1\t1\nPATIENT_ID\tSEX\tAGE\n#P1\tMale\t61\nP2\tFemale\t\n",
                                   "data_clinical_patient.txt");
    EXPECT_EQ(table.columns, (Cells{"PATIENT_ID", "SEX", "AGE"}));
    EXPECT_EQ(table.rows, (std::vector<Cells>{{"#P1", "Male", "61"}, {"P2", "Female", ""}}));
    EXPECT_EQ(table.lines.at(0), attribute.empty() ? 6 : 7);
  }
  const auto saved = parse_table(
      "sep=;\r\n#Patient;Age\r\n\"#The \"\"id\"\"\";Years\r\n#STRING;NUMBER\r\n#1;1\r\nID;AGE\r\nP1;61,5\r\n",
      "t");
  EXPECT_EQ(saved.columns, (Cells{"ID", "AGE"}));
  EXPECT_EQ(saved.rows, (std::vector<Cells>{{"P1", "61.5"}}));
  EXPECT_EQ(saved.lines, std::vector<int>{7});
  EXPECT_EQ(parse_table("#Patient\r#STRING\rID\rP1\r", "t").lines, std::vector<int>{4});
  // Types of another number of columns describe others.
  PHOTO51_EXPECT_ERROR(parse_table("#Patient\tAge\n#STRING\tNUMBER\nID\tAGE\tSEX\n", "t"), data,
                       HasSubstr("t:3: 3 cells, but the header has 2"));
}

TEST(Table, RemarksBeforeTheHeaderArePassedOver) {
  for (const char* remarks : {"# exported by a program\n", "##v1\n\n# of 2020,,\n", "\"# a, b\"\n"}) {
    const auto table = parse_table(std::string(remarks) + "id,age\nP1,61\n", "t");
    EXPECT_EQ(table.columns, (Cells{"id", "age"})) << remarks;
    EXPECT_EQ(table.rows, (std::vector<Cells>{{"P1", "61"}})) << remarks;
  }
  EXPECT_EQ(parse_table("# a, b; c\nid\tage\nP1\t61\n", "t").columns, (Cells{"id", "age"}));
  EXPECT_EQ(parse_table("##fileformat=x\n#CHROM\tPOS\n1\t2\n", "t").columns, (Cells{"#CHROM", "POS"}));
  PHOTO51_EXPECT_ERROR(parse_table("# a\nid,,age\n", "t"), data, HasSubstr("t:2: column 2 has no name"));
}

TEST(Table, AColumnMayBeginWithAHash) {
  const auto table = parse_table("#Sample,age\n#1,61\nP2,\n", "t");
  EXPECT_EQ(table.columns, (Cells{"#Sample", "age"}));
  EXPECT_EQ(table.rows, (std::vector<Cells>{{"#1", "61"}, {"P2", ""}}));
  EXPECT_EQ(parse_table("# sample;age\nP1;0,5\n", "t").rows[0], (Cells{"P1", "0.5"}));
  EXPECT_EQ(parse_table("# sample,age\nP1,\nP2,61\n", "t").rows.size(), 2U);
  EXPECT_EQ(parse_table("# the sample\nP1\n", "t").columns, Cells{"# the sample"});
  EXPECT_EQ(parse_table("#STRING,NUMBER\n#1,2\n", "t").columns, (Cells{"#STRING", "NUMBER"}));
  PHOTO51_EXPECT_ERROR(parse_table("#Sample\nP1,61\n", "t"), data,
                       HasSubstr("t:2: 2 cells, but the header has 1"));
}

TEST(Table, ReadsUtf16AndWindows1252) {
  const std::string little("\xFF\xFEi\0d\0,\0b\0\n\0P\0\xE4\0,\0001\0", 20);
  EXPECT_EQ(parse_table(little, "t").rows[0], (Cells{"P\xC3\xA4", "1"}));
  const auto table = parse_table("id,b\nP\xE4,1\n", "t");
  EXPECT_EQ(table.rows[0][0], "P\xC3\xA4");
  EXPECT_THAT(table.warnings.at(0), HasSubstr("t:2: is not UTF-8"));
}

TEST(Table, IndexColumnsAndWhatSpreadsheetsLeaveAtTheEnd) {
  const auto table = parse_table(",patient,age,,\n0,P1,61,,\n1,P2,,,\n,,,,\n,,,,\n", "t");
  EXPECT_EQ(table.columns, (Cells{"index", "patient", "age"}));
  EXPECT_EQ(table.rows, (std::vector<Cells>{{"0", "P1", "61"}, {"1", "P2", ""}}));
  PHOTO51_EXPECT_ERROR(parse_table("a,b,\n1,2,3\n", "t"), data,
                       HasSubstr("t:2: 3 cells, but the header has 2"));
  PHOTO51_EXPECT_ERROR(parse_table("a,b\n1,0,5\n", "t"), data, HasSubstr("write decimals with a point"));
}

TEST(Table, WrittenRowsReadBack) {
  const Cells cells{"plain", "with, comma", "with \"quote\"", "two\nlines", ""};
  EXPECT_EQ(csv_row({"a", "b,c", "d\"e"}), "a,\"b,c\",\"d\"\"e\"\n");
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "t.csv", "c1,c2,c3,c4,c5\n" + csv_row(cells));
  EXPECT_EQ(read_table(folder / "t.csv").rows.at(0), cells);
}

TEST(Table, ALongHeaderIsReadAsFastAsAShortOne) {
  constexpr size_t count = 300'000;
  std::string header = "patient", row = "P1";
  for (size_t i = 1; i < count; ++i) {
    header += ",gene_" + std::to_string(i);
    row += ",1";
  }
  const auto table = parse_table(header + "\n" + row + "\n", "wide.csv");
  EXPECT_EQ(table.columns.size(), count);
  EXPECT_EQ(table.rows.at(0).size(), count);
  PHOTO51_EXPECT_ERROR(parse_table(header + ",gene_7\n", "wide.csv"), data,
                       HasSubstr("wide.csv:1: column `gene_7` stands twice"));
  // Nor does the message of a wrong name hold them all.
  const auto error = test::error_of([&] { table.require("nothing like these"); });
  ASSERT_TRUE(error.has_value());
  EXPECT_THAT(error->what(), HasSubstr(" more)"));
  EXPECT_LT(std::string(error->what()).size(), 2000U);
}

TEST(Table, HasAtMostSoManyCells) {
  EXPECT_EQ(parse_table("a,b\n1,2\n", "t.csv", 4).rows.size(), 1U);
  PHOTO51_EXPECT_ERROR(
      parse_table("a,b\n1,2\n3,4\n", "t.csv", 4), data,
      AllOf(HasSubstr("t.csv:3: the table has more than 4 cells"), HasSubstr("leave out columns and rows")));
}

TEST(Csv, FormulasAreGuardedAndEveryTextReadsBackTheSame) {
  EXPECT_EQ(guarded("=1+1"), "'=1+1");
  EXPECT_EQ(guarded("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(guarded("+cmd|' /C calc'!A0"), "'+cmd|' /C calc'!A0");
  EXPECT_EQ(guarded("\t=1"), "'\t=1");
  EXPECT_EQ(guarded("\xEF\xBC\x9D"
                    "1"),
            "'\xEF\xBC\x9D"
            "1");
  for (const char* plain : {"-5", "+5", "-1e-3", "-inf", "", "P1", "a=b", "'", "'quoted'"})
    EXPECT_EQ(guarded(plain), plain);
  const Cells cells{"=1+1", "'=1+1", "''=1",  "-5",     "'-5", "-",       "+",  "-x",
                    "@a",   "\t=1",  "\r",    "\n=2",   "'",   "'quoted", "''", " a ",
                    "\tb",  "a;=1",  "a\t=1", "=\"x\"", "-5 ", "'--",     "--", "\xEF\xBC\x8Bx"};
  for (const auto& cell : cells) EXPECT_EQ(unguarded(guarded(cell)), cell);
  Cells header;
  for (size_t i = 0; i < cells.size(); ++i) header.push_back("=c" + std::to_string(i) + ";;;");
  const std::string text = csv_row(header) + csv_row(cells);
  const auto table = parse_table(text, "t.csv");
  EXPECT_EQ(table.columns, header);
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0], cells);
  EXPECT_EQ(csv_row({"K\xF6ln", "\xC3\xB6"}), "K\\xf6ln,\xC3\xB6\n") << "a file of UTF-8 stays one";
  EXPECT_EQ(csv_row({"a;=1", "b"}), "\"a;=1\",b\n") << "where semicolons separate it would be a cell";
}

}  // namespace
}  // namespace photo51::core
