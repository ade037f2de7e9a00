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
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 1, 0}, at::kByte).to(at::kBool)));
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
