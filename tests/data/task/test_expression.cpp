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
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 0, 1}, at::kByte).to(at::kBool)));
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
  Targets targets{
      at::zeros({3, 2}), {}, at::tensor({1, 0, 0, 0, 1, 1}, at::kByte).to(at::kBool).view({3, 2})};
  EXPECT_TRUE(known_rows(targets).equal(at::tensor({0, 2}, at::kLong)));
  targets.known = at::tensor({0, 1, 1}, at::kByte).to(at::kBool);
  EXPECT_TRUE(known_rows(targets).equal(at::tensor({1, 2}, at::kLong)));
}

}  // namespace
}  // namespace photo51::data
