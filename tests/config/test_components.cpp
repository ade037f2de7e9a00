#include "photo51/config/components.hpp"

#include "config/kitchen.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/reference.hpp"
#include "support/errors.hpp"

namespace photo51::config {
namespace {

using ::testing::HasSubstr;
using Build = int (*)();
using Table = Catalogue<Build>;

TEST(Catalogue, FindsTheBuilderOfAName) {
  const Table table{{component<Adam>("adamw", "a"), [] { return 1; }},
                    {component("sgd", "b"), [] { return 2; }}};
  EXPECT_EQ(table.components().size(), 2U);
  ASSERT_NE(table.find("sgd"), nullptr);
  EXPECT_EQ((*table.find("sgd"))(), 2);
  EXPECT_EQ(table.find("lion"), nullptr);
}

/// One that the tests add to.
Table& engines() {
  static Table table{{component("sgd", "plain"), [] { return 1; }}};
  return table;
}
struct Car {
  Choice engine = choose("sgd");
};
void describe(Fields& f, Car& o) {
  f.choice("engine", o.engine, engines().components(), "what drives");
}

TEST(Catalogue, WhatIsAddedIsReadAndDocumented) {
  const Components* before = &engines().components();
  const Build* sgd = engines().find("sgd");
  Car car;
  const auto read_car = [&](const std::string& yaml) { read(parse_yaml(yaml, "car.yaml"), car); };
  PHOTO51_EXPECT_ERROR(read_car("engine: mine"), usage, HasSubstr("engine: there is no `mine`"));
  engines().add(component<Adam>("mine", "of another library"), [] { return 3; });
  read_car("engine: {name: mine, beta: 0.5}");
  EXPECT_EQ(car.engine.as<Adam>().beta, 0.5);
  EXPECT_EQ((*engines().find("mine"))(), 3);
  EXPECT_EQ(&engines().components(), before);
  EXPECT_EQ(engines().find("sgd"), sgd);
  const Section section{[&](Fields& f) { describe(f, car); }, {}, {}};
  EXPECT_THAT(field_table(section), HasSubstr("one of: sgd, mine"));
  EXPECT_THAT(json_schema(section, "car"), HasSubstr("of another library"));
}

TEST(Catalogue, RefusesNamesThatAreTakenOrNone) {
  Table table{{component("sgd", "plain"), [] { return 1; }}};
  const auto add = [&](const std::string& name) { table.add(component(name, "x"), [] { return 2; }); };
  PHOTO51_EXPECT_ERROR(add("sgd"), usage,
                       "there is a component `sgd` in this table already; take another name");
  for (const char* name : {"", "3d", "a b", "a-b", "a.b", "\u00e4"})
    PHOTO51_EXPECT_ERROR(add(name), usage, HasSubstr("a component cannot be called `" + std::string(name)));
  EXPECT_EQ(table.components().size(), 1U);
  EXPECT_EQ((*table.find("sgd"))(), 1);
  EXPECT_NO_THROW(add("_Mine_3d"));
}

TEST(Components, TwoTablesAreOneWhereNoNameStandsInBoth) {
  const Components first{component("a", "1"), component("b", "2")};
  const Components all = joined(first, {component("c", "3")});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2].name, "c");
  PHOTO51_EXPECT_ERROR(joined(first, {component("b", "3")}), usage, HasSubstr("a component `b`"));
}

}  // namespace
}  // namespace photo51::config
