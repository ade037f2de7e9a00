#include "photo51/data/plan/columns.hpp"

#include <algorithm>

#include "data/fixture.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A manifest of `rows` patients whose further cells `cell(row)` makes.
template <class Cell>
core::Table rows_of(const std::string& header, int rows, Cell cell) {
  std::string text = "patient," + header + "\n";
  for (int row = 0; row < rows; ++row) text += "P" + std::to_string(row) + "," + cell(row) + "\n";
  return core::parse_table(text, "cohort.csv");
}

std::string why_left_out(const ManifestColumns& columns, const std::string& column) {
  for (const auto& note : columns.left_out)
    if (note.column == column) return note.text;
  return "it is not left out";
}

const PlannedLabel& label_named(const ManifestColumns& columns, const std::string& head) {
  const auto found = std::find_if(columns.labels.begin(), columns.labels.end(),
                                  [&](const auto& label) { return label.spec.head == head; });
  EXPECT_NE(found, columns.labels.end()) << head;
  return found == columns.labels.end() ? columns.labels.at(0) : *found;
}

TEST(ManifestColumns, LabelsByTheirWords) {
  const auto columns = read_columns(rows_of("idh,outcome,subtype,volume", 24, [](int row) {
    return std::to_string(row % 2) + (row % 3 == 0 ? ",malignant," : ",benign,") +
           (row % 3 == 0   ? "alpha,"
            : row % 3 == 1 ? "beta,"
                           : "gamma,") +
           std::to_string(1.5 * row);
  }));
  EXPECT_EQ(columns.id, "patient");
  EXPECT_EQ(label_named(columns, "idh").spec.task, "binary");
  EXPECT_THAT(label_named(columns, "idh").spec.positive, IsEmpty()) << "0 and 1 need no words";
  EXPECT_THAT(label_named(columns, "outcome").spec.positive, ElementsAre("malignant"));
  EXPECT_THAT(label_named(columns, "outcome").counts, ElementsAre(16, 8));
  EXPECT_THAT(label_named(columns, "subtype").spec.classes, ElementsAre("alpha", "beta", "gamma"));
  EXPECT_EQ(label_named(columns, "volume").spec.task, "regression");
  EXPECT_THAT(label_named(columns, "volume").why,
              HasSubstr("24 different numbers of 24 patients, from 0 to 34.5"));
  EXPECT_THAT(columns.left_out, IsEmpty());
}

TEST(ManifestColumns, TimesAndEventsArePairedByName) {
  const auto columns = read_columns(rows_of("time,event,PFS_MONTHS,PFS_STATUS,days_to_scan", 12, [](int row) {
    return std::to_string(100 + row) + "," + std::to_string(row % 2) + "," + std::to_string(row + 0.5) +
           (row % 2 ? ",1:Progressed," : ",0:Censored,") + std::to_string(row);
  }));
  const auto& overall = label_named(columns, "survival");
  EXPECT_EQ(overall.spec.column, "time");
  EXPECT_EQ(overall.spec.event_column, "event");
  EXPECT_EQ(overall.spec.time_unit, "days");
  EXPECT_THAT(overall.why, AllOf(HasSubstr("6 events, 6 censored"), HasSubstr("the name says no unit")));
  const auto& progression = label_named(columns, "pfs");
  EXPECT_EQ(progression.spec.event_column, "PFS_STATUS");
  EXPECT_EQ(progression.spec.time_unit, "months");
  EXPECT_THAT(why_left_out(columns, "days_to_scan"), HasSubstr("no column says whether the event was seen"));
}

TEST(ManifestColumns, WhatIsNotClearIsNamedAndLeftOut) {
  const auto columns = read_columns(rows_of("grade,one,rare,note,day,empty,mixed,few", 20, [](int row) {
    return std::to_string(2 + row % 3) + ",same," + (row < 2 ? "yes" : "no") + ",remark " +
           std::to_string(row) + ",2019-03-" + std::to_string(10 + row) + ",," + (row % 2 ? "Beta" : "beta") +
           "," +
           (row < 2    ? "a"
            : row < 10 ? "b"
                       : "c");
  }));
  EXPECT_THAT(why_left_out(columns, "grade"),
              AllOf(HasSubstr("3 different numbers (`2` (7)"), HasSubstr("--label grade=multiclass")));
  EXPECT_THAT(why_left_out(columns, "one"), HasSubstr("is `same` wherever"));
  EXPECT_THAT(why_left_out(columns, "rare"), HasSubstr("`yes` has 2 patient(s)"));
  EXPECT_THAT(why_left_out(columns, "note"), HasSubstr("different in every row"));
  EXPECT_THAT(why_left_out(columns, "day"), HasSubstr("holds dates"));
  EXPECT_THAT(why_left_out(columns, "empty"), HasSubstr("blank in every row"));
  EXPECT_THAT(why_left_out(columns, "mixed"), HasSubstr("differ only in how they are written"));
  EXPECT_THAT(why_left_out(columns, "few"), HasSubstr("`a` has 2 patient(s)"));
  EXPECT_THAT(columns.labels, IsEmpty());
}

TEST(ManifestColumns, SitesGroupsAndCovariates) {
  const auto columns = read_columns(rows_of("site,age,sex,near_duplicate_group,idh", 12, [](int row) {
    return std::string(row % 3 ? "north" : "south") + "," + std::to_string(40 + row) +
           (row % 2 ? ",M," : ",F,") + (row < 4 ? "g1," : ",") + std::to_string(row % 2);
  }));
  EXPECT_EQ(columns.site, "site");
  EXPECT_EQ(columns.sites, (std::map<std::string, int64_t>{{"north", 8}, {"south", 4}}));
  EXPECT_THAT(columns.clinical, ElementsAre("age", "sex"));
  EXPECT_EQ(columns.group, "near_duplicate_group");
  EXPECT_EQ(
      read_columns(rows_of("age_group", 12, [](int row) { return std::string(row % 2 ? "old" : "young"); }))
          .group,
      "");
}

TEST(ManifestColumns, APatientOfSeveralRowsIsAGroup) {
  const auto columns =
      read_columns(core::parse_table("section,patient,idh\nA1,A,0\nA2,A,0\nB1,B,1\n", "c.csv"));
  EXPECT_EQ(columns.id, "section");
  EXPECT_EQ(columns.group, "patient");
}

TEST(ManifestColumns, WhatTheUserSaysIsNotGuessed) {
  const auto table = rows_of("grade,idh,x", 20, [](int row) {
    return std::to_string(2 + row % 3) + "," + std::to_string(row % 2) + "," + std::to_string(row);
  });
  ColumnHints hints;
  hints.labels = {{"grade", "multiclass"}};
  hints.inputs = {{"x", "clinical"}};
  const auto columns = read_columns(table, hints);
  ASSERT_EQ(columns.labels.size(), 1U);
  EXPECT_THAT(columns.labels[0].spec.classes, ElementsAre("2", "3", "4"));
  EXPECT_THAT(columns.clinical, ElementsAre("x"));
  EXPECT_THAT(why_left_out(columns, "idh"), HasSubstr("not among the labels"));
  hints.labels = {{"grade", "regression"}};
  EXPECT_EQ(read_columns(table, hints).labels.at(0).spec.task, "regression");
  ColumnHints ignoring;
  ignoring.ignored = {"grade", "x"};
  EXPECT_THAT(read_columns(table, ignoring).left_out, IsEmpty());
}

class PathColumnsTest : public CohortFolder {
 protected:
  ManifestColumns read(const std::string& text, const ColumnHints& hints = {}) const {
    write("cohort.csv", text);
    return read_columns(core::read_table(folder_ / "cohort.csv"), hints);
  }
};

TEST_F(PathColumnsTest, FilesFoldersAndTables) {
  write("a.nii.gz", "a"), write("b.nii.gz", "b"), write("e.tsv", "gene\tP1\nG\t1\n");
  std::filesystem::create_directory(folder_ / "scan1");
  const auto columns = read(
      "patient,t1,dicom,genes,views\nP1,a.nii.gz,scan1,e.tsv,a.nii.gz;b.nii.gz\nP2,,scan1,e.tsv,b.nii.gz\n");
  ASSERT_EQ(columns.images.size(), 3U);
  EXPECT_EQ(columns.images[0].name, "t1");
  EXPECT_EQ(columns.images[0].files.size(), 1U);
  EXPECT_EQ(columns.images[1].name, "dicom");
  EXPECT_TRUE(columns.images[2].bag);
  ASSERT_EQ(columns.tables.size(), 1U);
  EXPECT_EQ(columns.tables[0].name, "genes");
}

TEST_F(PathColumnsTest, APathThatLeadsNowhereIsNamed) {
  write("a.nii.gz", "a"), write("t.csv", "t");
  PHOTO51_EXPECT_ERROR(read("patient,t1\nP1,a.nii.gz\nP2,gone.nii.gz\n"), data,
                       AllOf(HasSubstr("cohort.csv:3: column `t1`: there is no file `gone.nii.gz`"),
                             HasSubstr("--data-root"), HasSubstr("--ignore t1")));
  EXPECT_THAT(why_left_out(read("patient,mixed\nP1,a.nii.gz\nP2,t.csv\n"), "mixed"),
              HasSubstr("tables in some rows"));
  ColumnHints hints;
  hints.inputs = {{"t1", "mri"}};
  EXPECT_THAT(why_left_out(read("patient,t1,x\nP1,,1\nP2,,2\n", hints), "t1"),
              HasSubstr("blank in every row"));
}

TEST(ManifestColumns, ErrorsOfHintsAndIds) {
  const auto table =
      rows_of("idh,os_time", 12, [](int row) { return std::to_string(row % 2) + "," + std::to_string(row); });
  const auto with = [&](auto change) {
    ColumnHints hints;
    change(hints);
    return read_columns(table, hints);
  };
  PHOTO51_EXPECT_ERROR(with([](auto& h) {
                         h.labels = {{"ihd", ""}};
                       }),
                       usage, HasSubstr("did you mean `idh`?"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) {
                         h.inputs = {{"t1", "mri"}};
                       }),
                       usage, HasSubstr("--input: cohort.csv has no column `t1`"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) { h.ignored = {"t1"}; }), usage, HasSubstr("--ignore"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) { h.id = "name"; }), usage, HasSubstr("--id"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) { h.site = "town"; }), usage, HasSubstr("--site"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) {
                         h.labels = {{"idh", "binry"}};
                       }),
                       usage, HasSubstr("did you mean `binary`?"));
  PHOTO51_EXPECT_ERROR(with([](auto& h) {
                         h.labels = {{"os_time", "survival"}};
                       }),
                       usage, AllOf(HasSubstr("no column of events"), HasSubstr("`os_event`")));
  PHOTO51_EXPECT_ERROR(with([](auto& h) {
                         h.labels = {{"os_time", "binary"}};
                       }),
                       usage, HasSubstr("column `os_time` holds 12 words, and binary takes two"));
  PHOTO51_EXPECT_ERROR(read_columns(core::parse_table("a,b\n1,2\n1,2\n", "c.csv")), data,
                       HasSubstr("--id COLUMN"));
  PHOTO51_EXPECT_ERROR(read_columns(core::parse_table("a,b\n", "c.csv")), data, HasSubstr("no patient"));
}

}  // namespace
}  // namespace photo51::data
