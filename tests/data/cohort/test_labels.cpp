#include <cmath>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/modality/clinical.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

class LabelsTest : public CohortFolder {
 protected:
  Cohort with(const std::string& manifest, TaskSpec spec, bool require = true) const {
    return read(manifest, {}, {std::move(spec)}, require);
  }
  std::string refused(const std::string& manifest, TaskSpec spec) const {
    return data_failure(manifest, {}, {std::move(spec)});
  }
};

TEST_F(LabelsTest, Binary) {
  auto cohort = with("patient,idh\nP1,1\nP2,0\nP3,\nP4,NA\nP5,1.0\n", label_spec("idh", "binary"));
  EXPECT_TRUE(cohort.label(0, "idh").known);
  EXPECT_EQ(cohort.label(0, "idh").value, 1);
  EXPECT_TRUE(cohort.label(1, "idh").known);
  EXPECT_EQ(cohort.label(1, "idh").value, 0);
  EXPECT_FALSE(cohort.label(2, "idh").known);
  EXPECT_FALSE(cohort.label(3, "idh").known);
  EXPECT_EQ(cohort.label(4, "idh").value, 1);

  auto mutant = label_spec("idh", "binary", "status");
  mutant.positive = {"mutant"};
  cohort = with("patient,status\nP1,mutant\nP2,wildtype\nP3,nan\n", mutant);
  EXPECT_EQ(cohort.label(0, "idh").value, 1);
  EXPECT_EQ(cohort.label(1, "idh").value, 0);
  EXPECT_FALSE(cohort.label(2, "idh").known);
  mutant.positive = {"mutnt"};
  EXPECT_THAT(
      refused("patient,status\nP1,mutant\nP2,wildtype\n", mutant),
      HasSubstr(
          "column `status`: no patient has `mutnt` (did you mean `mutant`?) (head idh); the column holds "
          "`mutant` (1), `wildtype` (1)"));
  EXPECT_THAT(
      refused("patient,idh\nP1,1\nP2,yes\n", label_spec("idh", "binary")),
      HasSubstr("cohort.csv:3: column `idh`: `yes` is not 0 or 1 (head idh); the column holds `1` (1), `yes` "
                "(1); name the words that mean 1 with `positive`"));
  EXPECT_THAT(refused("patient,ihd\nP1,1\n", label_spec("idh", "binary")), HasSubstr("head idh: "));
  EXPECT_THAT(refused("patient,ihd\nP1,1\n", label_spec("idh", "binary")),
              HasSubstr("there is no column `idh` (did you mean `ihd`?)"));
}

TEST_F(LabelsTest, ExpressionComesFromItsOwnTable) {
  auto spec = label_spec("genes", "expression");
  spec.table = "expression.tsv";
  write("expression.tsv", "\tA\tB\nP1\t1\t2\nP3\t3\t4\n");
  auto cohort = with("patient\nP1\nP2\nP3\n", spec);
  EXPECT_THAT(cohort.labels()[0].classes, ElementsAre("A", "B"));
  EXPECT_THAT(cohort.label(0, "genes").values, ElementsAre(1, 2));
  EXPECT_FALSE(cohort.label(1, "genes").known);
  EXPECT_THAT(cohort.label(2, "genes").values, ElementsAre(3, 4));
  spec.classes = {"B"};
  EXPECT_THAT(with("patient\nP3\n", spec).label(0, "genes").values, ElementsAre(4));
  spec.classes = {"B", "ERBB2"};
  EXPECT_THAT(refused("patient\nP1\n", spec), HasSubstr("there is no gene `ERBB2`"));
  spec.classes.clear();
  write("expression.tsv", "\tA\tB\nP1\t1\t\n");
  EXPECT_THAT(refused("patient\nP1\n", spec), HasSubstr("`P1` has no value of gene `B`"));
  spec.table = "absent.tsv";
  EXPECT_THAT(refused("patient\nP1\n", spec), HasSubstr("absent.tsv: no such file"));
  EXPECT_FALSE(with("patient\nP1\n", spec, false).label(0, "genes").known) << "prediction asks for no labels";
}

TEST_F(LabelsTest, MulticlassNamesComeFromTheData) {
  auto spec = label_spec("cluster", "multiclass");
  auto cohort = with("patient,cluster\nP1,R3\nP2,R1\nP3,\nP4,R10\n", spec);
  EXPECT_THAT(cohort.labels()[0].classes, ElementsAre("R1", "R10", "R3"));
  EXPECT_EQ(cohort.label(0, "cluster").value, 2);
  cohort = with("patient,cluster\nP1,10\nP2,2\nP3,1\n", spec);
  EXPECT_THAT(cohort.labels()[0].classes, ElementsAre("1", "2", "10"));
  spec.classes = {"3"};
  cohort = with("patient,cluster\nP1,b\nP2,a\nP3,c\n", spec);
  EXPECT_THAT(cohort.labels()[0].classes, ElementsAre("a", "b", "c"));
  EXPECT_THAT(refused("patient,cluster\nP1,b\nP2,a\n", spec),
              HasSubstr("column `cluster` has 2 classes (a, b), but `classes` says 3"));
  spec.classes = {"b", "a"};
  cohort = with("patient,cluster\nP1,b\nP2,a\n", spec);
  EXPECT_EQ(cohort.label(0, "cluster").value, 0);
  EXPECT_THAT(refused("patient,cluster\nP1,b\nP2,aa\n", spec),
              HasSubstr("cohort.csv:3: column `cluster`: `aa` is not a class of this head"));
}

TEST_F(LabelsTest, Regression) {
  const auto spec = label_spec("ki67", "regression");
  const auto cohort = with("patient,ki67\nP1,-2.5\nP2,\n", spec);
  EXPECT_EQ(cohort.label(0, "ki67").value, -2.5);
  EXPECT_FALSE(cohort.label(1, "ki67").known);
  EXPECT_THAT(refused("patient,ki67\nP1,high\n", spec),
              HasSubstr("cohort.csv:2: column `ki67`: `high` is not a number"));
  EXPECT_THAT(refused("patient,ki67\nP1,inf\n", spec), HasSubstr("is not a number"));
}

TEST_F(LabelsTest, Survival) {
  const auto spec = label_spec("os", "survival", "time", "event");
  const auto cohort = with("patient,time,event\nP1,10,1\nP2,5.5,0\nP3,,1\nP4,7,\n", spec);
  EXPECT_EQ(cohort.label(0, "os").value, 10);
  EXPECT_TRUE(cohort.label(0, "os").event);
  EXPECT_FALSE(cohort.label(1, "os").event);
  EXPECT_TRUE(cohort.label(1, "os").known);
  EXPECT_FALSE(cohort.label(2, "os").known);
  EXPECT_FALSE(cohort.label(3, "os").known);
  EXPECT_EQ(with("patient,time,event\nP1,0,1\n", spec).label(0, "os").value, 0) << "at the first day";
  for (const std::string time : {"-1", "inf", "1e999", "12 months"})
    EXPECT_THAT(refused("patient,time,event\nP1," + time + ",1\n", spec),
                HasSubstr("cohort.csv:2: column `time`: `" + time + "` is not a time"));
  EXPECT_THAT(refused("patient,time,event\nP1,-1,1\n", spec),
              HasSubstr("`-1` is not a time of 0 or more (head os)"));
  EXPECT_THAT(refused("patient,time,event\nP1,\"12,5\",1\n", spec),
              HasSubstr("`12,5` is not a time (head os); write its decimals with a point"));
  EXPECT_THAT(refused("patient,time,event\nP1,2019-03-12,1\n", spec),
              HasSubstr("write a number in place of a date"));
  EXPECT_FALSE(with("patient,time,event\nP1,nan,1\n", spec).label(0, "os").known);
  EXPECT_THAT(refused("patient,time,event\nP1,3,2\n", spec),
              HasSubstr("column `event`: `2` is not 1 (event) or 0 (censored)"));
  EXPECT_THAT(refused("patient,time,events\nP1,3,1\n", spec),
              HasSubstr("no column `event` (did you mean `events`?)"));
}

TEST_F(LabelsTest, PredictionNeedsNoLabels) {
  auto spec = label_spec("cluster", "multiclass");
  spec.classes = {"a", "b"};
  EXPECT_FALSE(with("patient\nP1\n", spec, false).label(0, "cluster").known);
  const auto cohort = with("patient,cluster\nP1,z\nP2,b\n", spec, false);
  EXPECT_FALSE(cohort.label(0, "cluster").known);
  EXPECT_EQ(cohort.label(1, "cluster").value, 1);
  EXPECT_FALSE(with("patient,time\nP1,1\n", label_spec("os", "survival", "time", "event"), false)
                   .label(0, "os")
                   .known);
  const auto words = with("patient,idh\nP1,1\nP2,maybe\n", label_spec("idh", "binary"), false);
  EXPECT_FALSE(words.label(1, "idh").known);
  EXPECT_THAT(words.warnings(),
              Contains(Field(&Warning::text,
                             AllOf(HasSubstr("1 labels cannot be read and count as unknown; the first: "),
                                   HasSubstr("`maybe` is not a word that this head knows (head idh)")))));
  spec.classes = {"3"};
  EXPECT_THAT(with("patient,cluster\nP1,z\n", spec, false).labels()[0].classes, ElementsAre("3"));
}

TEST_F(LabelsTest, AWordThatNobodyNamedIsNoNegative) {
  auto spec = label_spec("mut", "binary");
  spec.positive = {"mutant"};
  const std::string head = "patient,mut\nP1,mutant\nP2,wildtype\nP3,wildtype\n";
  for (const std::string word : {"Mutant", "equivocal", "mutant?", "WT", "2"}) {
    const std::string message = refused(head + "P4," + word + "\n", spec);
    EXPECT_THAT(message, HasSubstr("column `mut`: "));
    EXPECT_THAT(message, HasSubstr("the column holds `wildtype` (2), "));
    EXPECT_THAT(message, HasSubstr("`" + word + "` (1)"));
  }
  EXPECT_THAT(refused("patient,mut\nP1,mutant\nP2,Mutant\n", spec),
              HasSubstr("`Mutant` and `mutant` differ only in how they are written"))
      << "the one other word, but not another word";
  // Blanks of cBioPortal, GDC and spreadsheets are no words.
  std::string blanks = head;
  int row = 4;
  for (const std::string word : {"[Not Available]",
                                 "[Not Applicable]",
                                 "[Unknown]",
                                 "[Not Evaluated]",
                                 "[Discrepancy]",
                                 "[Completed]",
                                 "'--",
                                 "NA",
                                 "N/A",
                                 "n/a",
                                 "#N/A",
                                 "NaN",
                                 "nan",
                                 "null",
                                 "None",
                                 ".",
                                 "-",
                                 "--",
                                 "not reported",
                                 "Not Reported",
                                 "unknown",
                                 "Unknown",
                                 "<NA>",
                                 "\xC2\xA0"})
    blanks += "P" + std::to_string(row++) + "," + word + "\n";
  const auto cohort = with(blanks, spec);
  EXPECT_EQ(cohort.label(1, "mut").value, 0);
  EXPECT_TRUE(cohort.label(1, "mut").known);
  for (int64_t i = 3; i < cohort.size(); ++i) EXPECT_FALSE(cohort.label(i, "mut").known) << i;
  EXPECT_THAT(cohort.labels()[0].negative, ElementsAre("wildtype"));
}

TEST_F(LabelsTest, NegativeNamesTheOthersAndAWordOfItsOwnIsNoBlank) {
  auto spec = label_spec("r2", "binary", "cluster");
  spec.positive = {"R2"};
  const std::string clusters = "patient,cluster\nP1,R1\nP2,R2\nP3,R3\nP4,\n";
  EXPECT_THAT(refused(clusters, spec), HasSubstr("beside `R2` there are 2 words"));
  spec.negative = {"R1", "R3"};
  const auto cohort = with(clusters, spec);
  EXPECT_EQ(cohort.label(0, "r2").value, 0);
  EXPECT_EQ(cohort.label(1, "r2").value, 1);
  EXPECT_EQ(cohort.label(2, "r2").value, 0);
  EXPECT_FALSE(cohort.label(3, "r2").known);
  EXPECT_THAT(refused(clusters + "P5,R4\n", spec),
              HasSubstr("`R4` (first in line 6) is neither `positive` nor `negative`"));
  spec.positive = {"+", "weak"};
  spec.negative = {"-"};
  const auto receptor = with("patient,cluster\nP1,+\nP2,-\nP3,weak\nP4,none\n", spec);
  EXPECT_TRUE(receptor.label(1, "r2").known);
  EXPECT_EQ(receptor.label(1, "r2").value, 0);
  EXPECT_EQ(receptor.label(2, "r2").value, 1);
  EXPECT_FALSE(receptor.label(3, "r2").known);
}

TEST_F(LabelsTest, BlanksThatMayBeAValueAreTold) {
  testing::internal::CaptureStderr();
  with("patient,stage\nP1,I\nP2,II\nP3,None\nP4,None\nP5,NA\n", label_spec("stage", "multiclass"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("column `stage` (head stage): `None` (2) count as blank"));
}

TEST_F(LabelsTest, TrueAndFalseAreUnderstood) {
  const auto spec = label_spec("idh", "binary");
  const auto cohort = with("patient,idh\nP1,True\nP2,FALSE\nP3,false\n", spec);
  EXPECT_EQ(cohort.label(0, "idh").value, 1);
  EXPECT_EQ(cohort.label(1, "idh").value, 0);
  EXPECT_EQ(with("patient,idh\nP1,yes\nP2,no\n", spec).label(0, "idh").value, 1);
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,2\n", spec), HasSubstr("the column holds `1` (1), `2` (1)"));
}

TEST_F(LabelsTest, EventWordsAreUnderstoodOrNamed) {
  auto spec = label_spec("os", "survival", "time", "event");
  const std::vector<std::pair<std::string, std::string>> pairs{{"1:DECEASED", "0:LIVING"},
                                                               {"1:Recurred/Progressed", "0:DiseaseFree"},
                                                               {"True", "False"},
                                                               {"Dead", "Alive"},
                                                               {"DECEASED", "LIVING"},
                                                               {"yes", "no"},
                                                               {"1.0", "0.0"}};
  for (const auto& [yes, no] : pairs) {
    const auto cohort =
        with("patient,time,event\nP1,5," + yes + "\nP2,6," + no + "\nP3,7,[Not Available]\n", spec);
    EXPECT_TRUE(cohort.label(0, "os").event) << yes;
    EXPECT_TRUE(cohort.label(1, "os").known) << no;
    EXPECT_FALSE(cohort.label(1, "os").event) << no;
    EXPECT_FALSE(cohort.label(2, "os").known);
  }
  const std::string relapses = "patient,time,event\nP1,5,relapse\nP2,6,remission\n";
  EXPECT_THAT(refused(relapses, spec),
              HasSubstr("`relapse` is not 1 (event) or 0 (censored) (head os); the column "
                        "holds `relapse` (1), `remission` (1)"));
  spec.positive = {"relapse"};
  EXPECT_TRUE(with(relapses, spec).label(0, "os").event);
  EXPECT_FALSE(with(relapses, spec).label(1, "os").event);
}

TEST_F(LabelsTest, ClassesDifferByMoreThanTheirSpelling) {
  const auto spec = label_spec("grade", "multiclass");
  EXPECT_THAT(
      refused("patient,grade\nP1,beta\nP2,Beta\nP3,beta\nP4,alpha\n", spec),
      HasSubstr("column `grade`: `Beta` and `beta` differ only in how they are written (head grade)"));
  EXPECT_THAT(refused("patient,grade\nP1,beta\nP2,Beta\nP3,beta\nP4,alpha\n", spec),
              HasSubstr("the column holds `beta` (2), `Beta` (1), `alpha` (1)"));
  EXPECT_THAT(refused("patient,grade\nP1,1\nP2,1.0\nP3,2\n", spec), HasSubstr("`1` and `1.0`"));
  EXPECT_THAT(refused("patient,grade\nP1,wild type\nP2,wild-type\nP3,x\n", spec),
              HasSubstr("`wild type` and `wild-type`"));
}

TEST_F(LabelsTest, WordsForZeroAreLearnedFromTraining) {
  auto spec = label_spec("mut", "binary");
  spec.positive = {"mutant"};
  ClinicalOptions clinical;
  clinical.columns = {"age"};
  const auto cohort =
      read("patient,mut,age\nP1,mutant,1\nP2,wildtype,2\n", {{"c", data::input(clinical)}}, {spec});
  const auto learned = fitted_labels({spec}, fit(cohort, {0, 1}));
  EXPECT_THAT(learned[0].negative, ElementsAre("wildtype"));
  EXPECT_THAT(refused("patient,mut\nP1,mutant\nP2,equivocal\n", learned[0]),
              HasSubstr("`equivocal` (first in line 3) is neither `positive` nor `negative`"));
}

TEST_F(LabelsTest, WordsOfTheSharedCases) {
  PHOTO51_NEEDS_SHARED_CASES("radiomics/s_labels");
  auto spec = label_spec("subtype", "multiclass");
  spec.classes = {"Alpha", "Beta", "Gamma"};
  const std::string manifest = core::read_file(test::shared_cases() / "radiomics/s_labels/m.csv");
  const std::string message = refused(manifest, spec);
  EXPECT_THAT(message,
              HasSubstr("cohort.csv:2: column `subtype`: `beta` is not a class of this head (did you mean "
                        "`Beta`?)"));
  EXPECT_THAT(message, HasSubstr("the column holds `beta` (25), `alpha` (19), `gamma` (16)"));
}

TEST_F(LabelsTest, NumbersThatBecomeInfiniteAreRefused) {
  for (const char* wrong : {"1e308", "inf", "-inf", "1e39", "1e999"})
    EXPECT_THAT(
        refused(std::string("patient,age\nP1,60\nP2,") + wrong + "\n", label_spec("age", "regression")),
        HasSubstr(std::string("cohort.csv:3: column `age`: `") + wrong + "` is not a number"));
  EXPECT_THAT(refused("patient,age\nP1,60\nP2,1e308\n", label_spec("age", "regression")),
              HasSubstr("`1e308` is not a number (finite, at most 3.4e38) (head age)"));
  for (const char* wrong : {"1e308", "inf", "-nan", "nan(1)"})
    EXPECT_THAT(refused(std::string("patient,time,event\nP1,60,1\nP2,") + wrong + ",0\n",
                        label_spec("os", "survival", "time", "event")),
                HasSubstr(std::string("cohort.csv:3: column `time`: `") + wrong + "` is not a time"));
}

TEST_F(LabelsTest, IdsThatCommandATerminalAreRefused) {
  for (const std::string odd : {"P\x1B[2J", "P\x07", "P\xC2\x9B", "\"P\n2\"", "P\xE2\x80\xAE"})
    EXPECT_THAT(refused("patient,idh\nP1,1\n" + odd + ",0\n", label_spec("idh", "binary")),
                AllOf(HasSubstr("cohort.csv:3: column `patient`: the id `P"),
                      HasSubstr("holds a control character")));
  EXPECT_THAT(refused(std::string("patient,idh\nP1,1\nP\0,0\n", 22), label_spec("idh", "binary")),
              HasSubstr("cohort.csv:3: holds a zero byte"));
}

}  // namespace
}  // namespace photo51::data
