#include <ATen/ATen.h>

#include "data/task/task_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SegmentationTask : public TaskTest {
 protected:
  static TaskSpec spec() {
    TaskSpec made = label_spec("lesion", "segmentation", "seg");
    made.classes = {"core", "edge"};
    made.values = {1, 2};
    made.input = "mri";
    return made;
  }
  static Case::Label drawn(const std::vector<int>& values) {
    Case::Label label;
    label.known = true;
    label.map = at::tensor(values).to(at::kByte);
    return label;
  }
};

TEST_F(SegmentationTask, ReadsFilesAndBlanks) {
  write("a.nii", "x");
  const Cohort cohort = read("patient,seg\nP1,a.nii\nP2,\nP3,a.nii#2\n", {}, {spec()});
  EXPECT_EQ(cohort.label(0, "lesion").file, (folder_ / "a.nii").string());
  EXPECT_FALSE(cohort.label(1, "lesion").known);
  EXPECT_EQ(cohort.label(2, "lesion").file, (folder_ / "a.nii").string() + "#2");
  const Targets targets = collated(cohort);
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 0, 1}, at::kByte).to(at::kBool)));
  EXPECT_FALSE(targets.map.defined());
  EXPECT_THAT(data_failure("patient,seg\nP1,gone.nii\n", {}, {spec()}),
              AllOf(HasSubstr("cohort.csv:2: column `seg`: `gone.nii` is not a mask file that is there"),
                    HasSubstr("(head lesion); leave it blank")));
  EXPECT_FALSE(read("patient\nP1\n", {}, {spec()}, false).label(0, "lesion").known);
}

TEST_F(SegmentationTask, StacksMapsAndKnowsWhatIsNotKnown) {
  const Case::Label first = drawn({0, 1, 255}), second = drawn({2, 0, 0});
  Case::Label without;
  without.known = true;  // its image is absent, so nothing was read
  const Targets targets = task_of(spec()).collate(spec(), {&first, nullptr, &second, &without});
  EXPECT_TRUE(
      targets.map.equal(at::tensor({0, 1, -1, -1, -1, -1, 2, 0, 0, -1, -1, -1}, at::kLong).view({4, 3})));
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 0, 1, 0}, at::kByte).to(at::kBool)));
  const Case::Label longer = drawn({0, 0, 0, 0});
  PHOTO51_EXPECT_ERROR(task_of(spec()).collate(spec(), {&first, &longer}), usage,
                       AllOf(HasSubstr("head lesion: the cases of a batch have maps of different sizes"),
                             HasSubstr("patch of input mri")));
}

TEST_F(SegmentationTask, NamesItsClasses) {
  const Task& task = task_of(spec());
  EXPECT_TRUE(task.is_dense);
  EXPECT_FALSE(task.has_classes());
  EXPECT_THAT(task.output_names(spec()), ElementsAre("core", "edge"));
  EXPECT_THAT(task.columns(spec()), ElementsAre("seg"));
}

}  // namespace
}  // namespace photo51::data
