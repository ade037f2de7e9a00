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
  EXPECT_TRUE(targets.event.equal(at::tensor({1, 0, 0, 0}, at::kByte).to(at::kBool)));
  EXPECT_TRUE(targets.known.equal(at::tensor({1, 1, 0, 0}, at::kByte).to(at::kBool)));
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
