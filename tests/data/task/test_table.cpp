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
