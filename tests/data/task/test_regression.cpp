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
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 0, 1}, at::kByte).to(at::kBool)));
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
