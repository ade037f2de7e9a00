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
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 1, 0}, at::kByte).to(at::kBool)));
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
