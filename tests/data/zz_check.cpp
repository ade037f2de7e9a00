#line 1 "tests/data/task/test_binary.cpp"
#include <ATen/ATen.h>

#include "data/fixture.hpp"
#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using BinaryTask = TaskTest;

TEST_F(BinaryTask, ReadsTwoWordsAndCollatesThem) {
  auto spec = label_spec("idh", "binary");
  spec.positive = {"mutant"};
  const Cohort cohort = read("patient,idh\nP1,mutant\nP2,wild\nP3,\n", {}, {spec});
  const auto targets = collated(cohort);
  EXPECT_TRUE(targets.value.equal(at::tensor({1.F, 0.F, 0.F})));
  EXPECT_TRUE(targets.known.equal(at::tensor({true, true, false})));
  EXPECT_FALSE(targets.event.defined());
  EXPECT_THAT(cohort.labels()[0].negative, ElementsAre("wild"));
}

TEST_F(BinaryTask, NamesItsClassesAndOutputs) {
  const Task& task = task_named("binary");
  auto spec = label_spec("idh", "binary");
  EXPECT_EQ(task.class_name(spec, 1), "1");
  spec.positive = {"mutant"};
  EXPECT_EQ(task.class_name(spec, 1), "mutant");
  EXPECT_EQ(task.class_name(spec, 0), "not mutant");
  EXPECT_THAT(task.output_names(spec), ElementsAre("0", "1"));
  EXPECT_TRUE(task.has_classes());
  EXPECT_FALSE(task.has_named_classes());
  EXPECT_EQ(task.output, Output::probabilities);
}

TEST_F(BinaryTask, CountsClassesAndNeedsTwo) {
  const auto spec = label_spec("idh", "binary");
  const auto labels = labels_of({0, 1, 1});
  EXPECT_EQ(task_of(spec).counts(spec, sample(labels)), "0 1, 1 2");
  task_of(spec).check(spec, sample(labels), "all: ");
  const auto ones = labels_of({1, 1});
  PHOTO51_EXPECT_ERROR(task_of(spec).check(spec, sample(ones), "all: "), data,
                       HasSubstr("all: all 2 known labels (column `idh`) are of one class, 1"));
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/task/test_expression.cpp"
#include <ATen/ATen.h>

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using ExpressionTask = TaskTest;

TEST_F(ExpressionTask, CollatesTheGenesOfItsTable) {
  auto spec = label_spec("genes", "expression");
  spec.table = "expression.tsv";
  write("expression.tsv", "\tA\tB\nP1\t1\t2\nP3\t3\t4\n");
  const auto targets = collated(read("patient\nP1\nP2\nP3\n", {}, {spec}));
  EXPECT_TRUE(targets.value.equal(at::tensor({1.F, 2.F, 0.F, 0.F, 3.F, 4.F}).view({3, 2})));
  EXPECT_TRUE(targets.known.equal(at::tensor({true, false, true})));
}

TEST_F(ExpressionTask, ItsGenesNameItsOutputs) {
  auto spec = label_spec("genes", "expression");
  spec.classes = {"A", "B"};
  const Task& task = task_of(spec);
  EXPECT_THAT(task.output_names(spec), ElementsAre("A", "B"));
  EXPECT_THAT(task.columns(spec), IsEmpty());
  EXPECT_TRUE(task.has_own_table);
  EXPECT_TRUE(task.names_outputs);
  EXPECT_FALSE(task.has_named_classes()) << "genes are not classes";
  EXPECT_THAT(task.sides, IsEmpty());
}

TEST(KnownRows, AreThoseWithAnyKnownLabel) {
  Targets targets{at::zeros({3, 2}), {}, at::tensor({true, false, false, false, true, true}).view({3, 2})};
  EXPECT_TRUE(known_rows(targets).equal(at::tensor({0, 2}, at::kLong)));
  targets.known = at::tensor({false, true, true});
  EXPECT_TRUE(known_rows(targets).equal(at::tensor({1, 2}, at::kLong)));
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/task/test_multiclass.cpp"
#include <ATen/ATen.h>

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using MulticlassTask = TaskTest;

TEST_F(MulticlassTask, ReadsWordsAndCollatesTheirPlaces) {
  const Cohort cohort = read("patient,grade\nP1,III\nP2,II\nP3,\n", {}, {label_spec("grade", "multiclass")});
  EXPECT_THAT(cohort.labels()[0].classes, ElementsAre("II", "III"));
  const auto targets = collated(cohort);
  EXPECT_TRUE(targets.value.equal(at::tensor({1.F, 0.F, 0.F})));
  EXPECT_TRUE(targets.known.equal(at::tensor({true, true, false})));
}

TEST_F(MulticlassTask, ItsClassesNameItsOutputs) {
  auto spec = label_spec("grade", "multiclass");
  spec.classes = {"II", "III"};
  const Task& task = task_of(spec);
  EXPECT_THAT(task.output_names(spec), ElementsAre("II", "III"));
  EXPECT_EQ(task.class_name(spec, 1), "III");
  EXPECT_TRUE(task.has_named_classes());
}

TEST_F(MulticlassTask, NeedsEveryClass) {
  auto spec = label_spec("grade", "multiclass");
  spec.classes = {"II", "III", "IV"};
  const auto labels = labels_of({0, 2, 2});
  LabelSample some = sample(labels);
  some.unknown = 4;
  EXPECT_EQ(task_of(spec).counts(spec, some), "II 1, III 0, IV 2");
  PHOTO51_EXPECT_ERROR(task_of(spec).check(spec, some, "fold 1: "), data,
                       AllOf(HasSubstr("fold 1: no patient is of class `III`"),
                             HasSubstr("there is II 1, III 0, IV 2, 4 unknown")));
  const auto twos = labels_of({2, 2});
  PHOTO51_EXPECT_ERROR(task_of(spec).check(spec, sample(twos), ""), data, HasSubstr("of one class, IV"));
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/task/test_regression.cpp"
#include <ATen/ATen.h>

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using RegressionTask = TaskTest;

TEST_F(RegressionTask, ReadsNumbersAndCollatesThem) {
  const auto spec = label_spec("ki67", "regression");
  const auto targets = collated(read("patient,ki67\nP1,3.5\nP2,NA\nP3,-1\n", {}, {spec}));
  EXPECT_TRUE(targets.value.equal(at::tensor({3.5F, 0.F, -1.F})));
  EXPECT_TRUE(targets.known.equal(at::tensor({true, false, true})));
  EXPECT_THAT(data_failure("patient,ki67\nP1,high\n", {}, {spec}),
              HasSubstr("cohort.csv:2: column `ki67`: `high` is not a number (head ki67)"));
}

TEST_F(RegressionTask, HasNoClassesToSpread) {
  const auto spec = label_spec("ki67", "regression");
  const Task& task = task_of(spec);
  EXPECT_EQ(task.stratum, nullptr);
  EXPECT_FALSE(task.has_classes());
  EXPECT_THAT(task.output_names(spec), ElementsAre(""));
  const auto labels = labels_of({3, 3});
  EXPECT_EQ(task.counts(spec, sample(labels)), "2 known");
  PHOTO51_EXPECT_ERROR(task.check(spec, sample(labels), ""), data,
                       HasSubstr("all 2 known values (column `ki67`) are the same"));
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/task/test_survival.cpp"
#include <ATen/ATen.h>

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using SurvivalTask = TaskTest;

TEST_F(SurvivalTask, ReadsTimesAndEventsAndCollatesBoth) {
  const auto spec = label_spec("os", "survival", "time", "event");
  const auto targets =
      collated(read("patient,time,event\nP1,10,dead\nP2,20,alive\nP3,,dead\nP4,5,\n", {}, {spec}));
  EXPECT_TRUE(targets.value.equal(at::tensor({10.F, 20.F, 0.F, 0.F})));
  EXPECT_TRUE(targets.event.equal(at::tensor({true, false, false, false})));
  EXPECT_TRUE(targets.known.equal(at::tensor({true, true, false, false})));
  EXPECT_THAT(data_failure("patient,time,event\nP1,-1,1\n", {}, {spec}), HasSubstr("a time of 0 or more"));
}

TEST_F(SurvivalTask, SpreadsEventsAndPredictsARisk) {
  const auto spec = label_spec("os", "survival", "time", "event");
  const Task& task = task_of(spec);
  EXPECT_EQ(task.stratum({.known = true, .value = 9, .event = true}), 1);
  EXPECT_EQ(task.stratum({.known = true, .value = 9}), 0);
  EXPECT_TRUE(task.is_risk());
  EXPECT_TRUE(task.has_events);
  EXPECT_THAT(task.columns(spec), ElementsAre("time", "event"));
  ASSERT_EQ(task.sides.size(), 2U);
  EXPECT_EQ(task.sides[1].what, "the events");
}

TEST_F(SurvivalTask, NeedsAnEvent) {
  const auto spec = label_spec("os", "survival", "time", "event");
  auto labels = labels_of({3, 4});
  PHOTO51_EXPECT_ERROR(task_of(spec).check(spec, sample(labels), ""), data,
                       HasSubstr("all 2 patients are censored (column `event`)"));
  labels[1].event = true;
  task_of(spec).check(spec, sample(labels), "");
  EXPECT_EQ(task_of(spec).counts(spec, sample(labels)), "1 events, 1 censored");
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/task/test_table.cpp"
#include "photo51/data/task/task_table.hpp"

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Task weight_task(const std::string& name) {
  Task task = task_named("regression");
  task.name = name;
  return task;
}

TEST(TaskTable, FindsRowsByName) {
  for (const auto& task : tasks()) EXPECT_EQ(&task_named(task.name), &task);
  EXPECT_EQ(find_task("binari"), nullptr);
  PHOTO51_EXPECT_ERROR(task_named("binari"), usage,
                       AllOf(HasSubstr("there is no task `binari`"), HasSubstr("did you mean `binary`")));
  PHOTO51_EXPECT_ERROR(task_of(label_spec("idh", "")), usage, HasSubstr("head idh: there is no task ``"));
}

TEST(TaskTable, TakesFurtherTasks) {
  add_task(weight_task("weight"));
  EXPECT_EQ(tasks().back().name, "weight");
  PHOTO51_EXPECT_ERROR(add_task(weight_task("weight")), usage, HasSubstr("there is such a task already"));
  PHOTO51_EXPECT_ERROR(add_task(weight_task("")), usage, HasSubstr("needs a name"));
  Task unread = weight_task("unread");
  unread.read = nullptr;
  PHOTO51_EXPECT_ERROR(add_task(unread), usage, HasSubstr("columns, read, collate, counts and output_names"));
  Task unspread = weight_task("unspread");
  unspread.class_name = task_named("binary").class_name;
  PHOTO51_EXPECT_ERROR(add_task(unspread), usage, HasSubstr("needs stratum"));
}

struct Row {
  std::string task;
};

TEST(TaskTable, ARoomsTableSaysWhatToAdd) {
  TaskTable<Row> table("colours", "room::add_colours", {{"binary"}});
  EXPECT_EQ(table.at("binary").task, "binary");
  PHOTO51_EXPECT_ERROR(table.at("survival"), usage,
                       HasSubstr("the task `survival` has no colours; add it with room::add_colours before"));
  PHOTO51_EXPECT_ERROR(table.at("survivall"), usage, HasSubstr("did you mean `survival`"));
  PHOTO51_EXPECT_ERROR(table.add({"binary"}, true), usage,
                       HasSubstr("room::add_colours: the task `binary` has its colours already"));
  PHOTO51_EXPECT_ERROR(table.add({"survival"}, false), usage, HasSubstr("lacks a function"));
  PHOTO51_EXPECT_ERROR(table.add({"nothing"}, true), usage, HasSubstr("there is no task `nothing`"));
  table.add({"survival"}, true);
  EXPECT_EQ(table.at("survival").task, "survival");
}

}  // namespace
}  // namespace photo51::data

#line 1 "tests/data/cohort/test_labels.cpp"
#include <cmath>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/load/fit.hpp"

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
  InputOptions clinical;
  clinical.modality = "clinical";
  clinical.columns = {"age"};
  const auto cohort = read("patient,mut,age\nP1,mutant,1\nP2,wildtype,2\n", {{"c", clinical}}, {spec});
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

#line 1 "tests/data/split/test_split.cpp"
#include <algorithm>
#include <map>
#include <set>

#include "data/fixture.hpp"
#include "photo51/data/cohort/cohort.hpp"
#include "photo51/data/split/split.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SplitTest : public CohortFolder {
 protected:
  /// 40 patients: sites A, B, C, D; idh 1 for every fourth; P39 unknown; time and event.
  static std::vector<std::string> rows() {
    std::vector<std::string> made;
    for (int i = 0; i < 40; ++i)
      made.push_back("P" + std::to_string(i) + "," + "ABCD"[i % 4] + std::string(",") +
                     (i == 39            ? ""
                      : (i / 4) % 4 == 0 ? "1"
                                         : "0") +
                     "," + std::to_string(i + 1) + "," + (i % 3 == 0 ? "1" : "0") + "\n");
    return made;
  }
  Cohort cohort(const std::vector<std::string>& of = rows()) const {
    std::string text = "patient,site,idh,time,event\n";
    for (const auto& row : of) text += row;
    return read(text, {}, {label_spec("idh", "binary")});
  }
  static std::map<std::string, int> part_of(const Cohort& cohort, const Split& split) {
    std::map<std::string, int> parts;
    for (const int64_t row : split.test) parts[cohort.id(row)] = -1;
    for (size_t fold = 0; fold < split.folds.size(); ++fold)
      for (const int64_t row : split.folds[fold].validation) parts[cohort.id(row)] = static_cast<int>(fold);
    return parts;
  }
  static int positives(const Cohort& cohort, const std::vector<int64_t>& rows) {
    return static_cast<int>(std::count_if(rows.begin(), rows.end(), [&](int64_t row) {
      return cohort.label(row, "idh").known && cohort.label(row, "idh").value == 1;
    }));
  }
};

TEST_F(SplitTest, HoldsOutSites) {
  const auto all = cohort();
  SplitOptions options;
  options.hold_out = {"B", "D"};
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 20U);
  for (const int64_t row : split.test) EXPECT_TRUE(all.site(row) == "B" || all.site(row) == "D");
  ASSERT_EQ(split.folds.size(), 1U);
  EXPECT_EQ(split.folds[0].validation.size(), 4U);
  EXPECT_EQ(split.folds[0].train.size(), 16U);
  for (const int64_t row : split.folds[0].train) EXPECT_TRUE(all.site(row) == "A" || all.site(row) == "C");
  check_leakage(all, split);
}

TEST_F(SplitTest, LeavesEachSiteOutByTurns) {
  const auto all = cohort();
  SplitOptions options;
  options.fold_by = "site";
  options.hold_out = {"D"};
  options.folds = 5;  // a config's number of random folds is of no account then
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 10U);
  ASSERT_EQ(split.folds.size(), 3U);
  for (size_t fold = 0; fold < 3; ++fold) {
    EXPECT_EQ(split.folds[fold].validation.size(), 10U);
    EXPECT_EQ(split.folds[fold].train.size(), 20U);
    for (const int64_t row : split.folds[fold].validation)
      EXPECT_EQ(all.site(row), std::string(1, "ABC"[fold]));
  }
  check_leakage(all, split);
}

TEST_F(SplitTest, RefusesToLeaveOutWhatItCannot) {
  SplitOptions options;
  options.fold_by = "sit";
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(), options), data,
                       HasSubstr("cohort.split.fold_by needs the column `sit` (did you mean `site`?)"));
  options.fold_by = "site";
  options.hold_out = {"A", "B", "C"};
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(), options), data, HasSubstr("holds one value only, `D`"));
  options.hold_out = {};
  auto made = rows();
  made[2] = "P2,,1,3,1\n";
  PHOTO51_EXPECT_ERROR(split_cohort(cohort(made), options), data,
                       ::testing::AllOf(HasSubstr(":4: column `site` is blank"), HasSubstr("fold_by")));
}

TEST_F(SplitTest, HoldsOutByAnotherColumn) {
  SplitOptions options;
  options.by = "event";
  options.hold_out = {"1"};
  EXPECT_EQ(split_cohort(cohort(), options).test.size(), 14U);
}

TEST_F(SplitTest, FoldsAreDisjointCompleteAndStratified) {
  const auto all = cohort();
  SplitOptions options;
  options.folds = 4;
  const auto split = split_cohort(all, options);
  ASSERT_EQ(split.folds.size(), 4U);
  std::set<int64_t> seen;
  for (const auto& fold : split.folds) {
    EXPECT_EQ(fold.validation.size(), 10U);
    EXPECT_EQ(fold.train.size(), 30U);
    EXPECT_EQ(positives(all, fold.validation), 3);  // 12 of 39
    seen.insert(fold.validation.begin(), fold.validation.end());
    std::set<int64_t> both(fold.train.begin(), fold.train.end());
    both.insert(fold.validation.begin(), fold.validation.end());
    EXPECT_EQ(both.size(), 40U);
  }
  EXPECT_EQ(seen.size(), 40U);
}

TEST_F(SplitTest, TestFractionIsStratified) {
  const auto all = cohort();
  SplitOptions options;
  options.test_fraction = 0.25;
  options.validation_fraction = 0;
  const auto split = split_cohort(all, options);
  EXPECT_EQ(split.test.size(), 10U);
  EXPECT_EQ(positives(all, split.test), 3);
  EXPECT_TRUE(split.folds[0].validation.empty());
  EXPECT_EQ(split.folds[0].train.size(), 30U);
}

TEST_F(SplitTest, DependsOnSeedAndIdsOnly) {
  const auto all = cohort();
  SplitOptions options;
  options.folds = 5;
  options.test_fraction = 0.2;
  const auto parts = part_of(all, split_cohort(all, options));
  EXPECT_EQ(parts, part_of(all, split_cohort(all, options)));
  auto turned = rows();
  std::reverse(turned.begin(), turned.end());
  const auto other = cohort(turned);
  EXPECT_EQ(parts, part_of(other, split_cohort(other, options)));
  options.seed = 1;
  EXPECT_NE(parts, part_of(all, split_cohort(all, options)));
}

TEST_F(SplitTest, StratifiesByTheNamedHead) {
  std::string text = "patient,site,idh,time,event\n";
  for (const auto& row : rows()) text += row;
  const auto all =
      read(text, {}, {label_spec("idh", "binary"), label_spec("os", "survival", "time", "event")});
  SplitOptions options;
  options.folds = 2;
  options.stratify = "os";
  for (const auto& fold : split_cohort(all, options).folds)
    EXPECT_EQ(std::count_if(fold.validation.begin(), fold.validation.end(),
                            [&](int64_t row) { return all.label(row, "os").event; }),
              7);
}

TEST_F(SplitTest, Errors) {
  const auto all = cohort();
  const auto refused = [&](SplitOptions options, core::Fault fault = core::Fault::data) {
    return failure(fault, [&] { split_cohort(all, options); });
  };
  SplitOptions options;
  options.hold_out = {"E"};
  EXPECT_THAT(refused(options), HasSubstr("no patient has `E` in column `site`; it holds A, B, C, D"));
  options.hold_out = {"A", "B", "C", "D"};
  EXPECT_THAT(refused(options), HasSubstr("every patient is held out"));
  options.by = "hospital";
  EXPECT_THAT(refused(options), HasSubstr("needs the column `hospital`"));
  options = {};
  options.folds = 50;
  EXPECT_THAT(refused(options), HasSubstr("50 folds need at least as many patients; 40"));
  options = {};
  options.stratify = "idn";
  EXPECT_THAT(refused(options, core::Fault::usage), HasSubstr("did you mean `idh`?"));

  const auto ages = read("patient,age\nP1,3\nP2,4\n", {}, {label_spec("age", "regression")});
  options.stratify = "age";
  EXPECT_THAT(failure(core::Fault::usage, [&] { split_cohort(ages, options); }),
              HasSubstr("head `age` has no classes"));
}

TEST_F(SplitTest, RefusesWhatCannotBeLearned) {
  const auto refused = [&](const std::string& manifest, TaskSpec spec, SplitOptions options = {}) {
    const auto made = read(manifest, {}, {std::move(spec)});
    return failure(core::Fault::data, [&] { split_cohort(made, options); });
  };
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,1\nP3,\n", label_spec("idh", "binary")),
              HasSubstr("head idh: the cohort: all 2 known labels (column `idh`) are of one class, 1"));
  EXPECT_THAT(refused("patient,c\nP1,R1\nP2,R1\n", label_spec("c", "multiclass")),
              HasSubstr("are of one class, R1"));
  EXPECT_THAT(refused("patient,idh\nP1,\nP2,NA\n", label_spec("idh", "binary")),
              HasSubstr("no patient has a known label in column `idh`"));
  EXPECT_THAT(refused("patient,t,e\nP1,3,0\nP2,4,0\n", label_spec("os", "survival", "t", "e")),
              HasSubstr("head os: the cohort: all 2 patients are censored (column `e`)"));
  SplitOptions options;
  options.hold_out = {"B"};
  EXPECT_THAT(refused("patient,site,idh\nP1,A,1\nP2,A,1\nP3,B,0\n", label_spec("idh", "binary"), options),
              HasSubstr("the patients left for training: all 2 known labels"));
  options = {};
  options.folds = 2;
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,0\nP3,0\nP4,0\n", label_spec("idh", "binary"), options),
              HasSubstr("head idh: training part of fold"));
}

TEST_F(SplitTest, RefusesLeakage) {
  write("a.nii", "same");
  write("b.nii", "same");
  write("c.nii", "diff");
  const auto all = read("patient,flair\nP1,a.nii\nP2,c.nii\nP3,b.nii\n", {{"mri", image_input({"flair"})}});
  check_leakage(all, {{{{0, 2}, {}}}, {1}});
  const auto image = failure(core::Fault::data, [&] { check_leakage(all, {{{{0, 1}, {2}}}, {}}); });
  EXPECT_THAT(image, HasSubstr("a.nii (patient `P1`, training)"));
  EXPECT_THAT(image, HasSubstr("b.nii (patient `P3`, validation)"));
  EXPECT_THAT(failure(core::Fault::data, [&] { check_leakage(all, {{{{0}, {}}}, {2}}); }), HasSubstr("test"));
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0, 1}, {1}}}, {}});
                      }),
              HasSubstr("patient `P2` stands in the training and in the validation part"));
}

TEST_F(SplitTest, LeakageTellsSeriesOfAFolderApart) {
  write("x/1.dcm", "one");
  const auto all = read("patient,ct\nP1,x#1.2\nP2,x#1.3\nP3,x#1.2\n", {{"ct", image_input({"ct"})}});
  check_leakage(all, {{{{0}, {}}}, {1}});
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0}, {}}}, {2}});
                      }),
              HasSubstr("the same image stands in two parts"));
}

TEST_F(SplitTest, LeakageLooksIntoSeriesFolders) {
  write("x/1.dcm", "one");
  write("x/2.dcm", "two");
  write("y/1.dcm", "one");
  write("y/2.dcm", "two");
  const auto all = read("patient,ct\nP1,x\nP2,y\n", {{"ct", image_input({"ct"})}});
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(all, {{{{0}, {}}}, {1}});
                      }),
              HasSubstr("the same image stands in two parts"));
}

}  // namespace
}  // namespace photo51::data

