#include <cmath>

#include "fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = LabelSpec::Kind;

class LabelsTest : public CohortFolder {
 protected:
  Cohort with(const std::string& manifest, LabelSpec spec, bool require = true) const {
    return read(manifest, {}, {std::move(spec)}, require);
  }
  std::string refused(const std::string& manifest, LabelSpec spec) const {
    return data_failure(manifest, {}, {std::move(spec)});
  }
};

TEST_F(LabelsTest, Binary) {
  auto cohort = with("patient,idh\nP1,1\nP2,0\nP3,\nP4,NA\nP5,1.0\n", label_spec("idh", Kind::binary));
  EXPECT_TRUE(cohort.label(0, "idh").known);
  EXPECT_EQ(cohort.label(0, "idh").value, 1);
  EXPECT_TRUE(cohort.label(1, "idh").known);
  EXPECT_EQ(cohort.label(1, "idh").value, 0);
  EXPECT_FALSE(cohort.label(2, "idh").known);
  EXPECT_FALSE(cohort.label(3, "idh").known);
  EXPECT_EQ(cohort.label(4, "idh").value, 1);

  auto mutant = label_spec("idh", Kind::binary, "status");
  mutant.positive = "mutant";
  cohort = with("patient,status\nP1,mutant\nP2,wildtype\nP3,nan\n", mutant);
  EXPECT_EQ(cohort.label(0, "idh").value, 1);
  EXPECT_EQ(cohort.label(1, "idh").value, 0);
  EXPECT_FALSE(cohort.label(2, "idh").known);
  mutant.positive = "mutnt";
  EXPECT_THAT(refused("patient,status\nP1,mutant\nP2,wildtype\n", mutant),
              HasSubstr("no patient has `mutnt` in column `status` (did you mean `mutant`?)"));
  EXPECT_THAT(refused("patient,idh\nP1,1\nP2,yes\n", label_spec("idh", Kind::binary)),
              HasSubstr("cohort.csv:3: column `idh`: `yes` is not 0 or 1; name the positive value"));
  EXPECT_THAT(refused("patient,ihd\nP1,1\n", label_spec("idh", Kind::binary)), HasSubstr("head idh: "));
  EXPECT_THAT(refused("patient,ihd\nP1,1\n", label_spec("idh", Kind::binary)),
              HasSubstr("there is no column `idh` (did you mean `ihd`?)"));
}

TEST_F(LabelsTest, ExpressionComesFromItsOwnTable) {
  auto spec = label_spec("genes", Kind::expression);
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
  auto spec = label_spec("cluster", Kind::multiclass);
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
  const auto spec = label_spec("ki67", Kind::regression);
  const auto cohort = with("patient,ki67\nP1,-2.5\nP2,\n", spec);
  EXPECT_EQ(cohort.label(0, "ki67").value, -2.5);
  EXPECT_FALSE(cohort.label(1, "ki67").known);
  EXPECT_THAT(refused("patient,ki67\nP1,high\n", spec),
              HasSubstr("cohort.csv:2: column `ki67`: `high` is not a number"));
  EXPECT_THAT(refused("patient,ki67\nP1,inf\n", spec), HasSubstr("is not a number"));
}

TEST_F(LabelsTest, Survival) {
  const auto spec = label_spec("os", Kind::survival, "time", "event");
  const auto cohort = with("patient,time,event\nP1,10,1\nP2,5.5,0\nP3,,1\nP4,7,\n", spec);
  EXPECT_EQ(cohort.label(0, "os").value, 10);
  EXPECT_TRUE(cohort.label(0, "os").event);
  EXPECT_FALSE(cohort.label(1, "os").event);
  EXPECT_TRUE(cohort.label(1, "os").known);
  EXPECT_FALSE(cohort.label(2, "os").known);
  EXPECT_FALSE(cohort.label(3, "os").known);
  EXPECT_THAT(refused("patient,time,event\nP1,0,1\n", spec),
              HasSubstr("column `time`: `0` is not a time after 0"));
  EXPECT_THAT(refused("patient,time,event\nP1,3,2\n", spec),
              HasSubstr("column `event`: `2` is not 1 (event) or 0 (censored)"));
  EXPECT_THAT(refused("patient,time,events\nP1,3,1\n", spec),
              HasSubstr("no column `event` (did you mean `events`?)"));
}

TEST_F(LabelsTest, PredictionNeedsNoLabels) {
  auto spec = label_spec("cluster", Kind::multiclass);
  spec.classes = {"a", "b"};
  EXPECT_FALSE(with("patient\nP1\n", spec, false).label(0, "cluster").known);
  const auto cohort = with("patient,cluster\nP1,z\nP2,b\n", spec, false);
  EXPECT_FALSE(cohort.label(0, "cluster").known);
  EXPECT_EQ(cohort.label(1, "cluster").value, 1);
  EXPECT_FALSE(with("patient,time\nP1,1\n", label_spec("os", Kind::survival, "time", "event"), false)
                   .label(0, "os")
                   .known);
  spec.classes = {"3"};
  EXPECT_THAT(with("patient,cluster\nP1,z\n", spec, false).labels()[0].classes, ElementsAre("3"));
}

}  // namespace
}  // namespace photo51::data
