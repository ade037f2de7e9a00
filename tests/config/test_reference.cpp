#include "photo51/config/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "config/kitchen.hpp"

namespace photo51::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Section kitchen_section() {
  auto kitchen = std::make_shared<Kitchen>();
  return Section{[kitchen](Fields& f) { describe(f, *kitchen); }, {}, {}};
}

TEST(Reference, SchemaSaysTypesRangesNamesAndNothingElse) {
  const auto schema = nlohmann::json::parse(json_schema(kitchen_section(), "kitchen"));
  EXPECT_EQ(schema.at("title"), "kitchen");
  EXPECT_EQ(schema.at("type"), "object");
  EXPECT_EQ(schema.at("additionalProperties"), false);
  const auto& p = schema.at("properties");
  EXPECT_TRUE(p.contains("extends"));
  EXPECT_EQ(p.at("flag").at("type"), "boolean");
  EXPECT_EQ(p.at("count").at("type"), "integer");
  EXPECT_EQ(p.at("count").at("minimum"), 1);
  EXPECT_EQ(p.at("count").at("maximum"), 10);
  EXPECT_EQ(p.at("rate").at("description"), "a number [mm]");
  EXPECT_EQ(p.at("names").at("type"), "array");
  EXPECT_EQ(p.at("range").at("minItems"), 2);
  EXPECT_EQ(p.at("range").at("maxItems"), 2);
  EXPECT_EQ(p.at("window").at("properties").at("low").at("type"), "number");
  EXPECT_EQ(p.at("adam").at("anyOf").at(0).at("type"), "number");
  EXPECT_EQ(p.at("adam").at("anyOf").at(1).at("type"), "object");
  const auto& head = p.at("heads").at("additionalProperties");
  EXPECT_FALSE(head.contains("required"));  // a base may give it
  EXPECT_EQ(head.at("properties").at("task").at("enum"), nlohmann::json({"binary", "survival"}));
  const auto& optimizer = p.at("optimizer").at("anyOf");
  EXPECT_EQ(optimizer.at(0).at("enum"), nlohmann::json({"adamw", "sgd"}));
  EXPECT_EQ(optimizer.at(1).at("properties").at("name").at("const"), "adamw");
  EXPECT_EQ(optimizer.at(1).at("properties").at("beta").at("maximum"), 1);
  EXPECT_EQ(p.at("stages").at("items").at("anyOf").size(), 3U);
}

TEST(Reference, LinesTellTypeDefaultAndHelp) {
  const auto lines = field_lines(kitchen_section());
  EXPECT_THAT(lines, HasSubstr("  count  (integer >= 1, <= 10) [3]  a whole number\n"));
  EXPECT_THAT(lines, HasSubstr("  rate  (number >= 0 mm) [0.1]  a number\n"));
  EXPECT_THAT(lines, HasSubstr("  range  (2 numbers) [[0, 1]]  two numbers\n"));
  EXPECT_THAT(lines, HasSubstr("  optimizer  (one of: adamw, sgd) [adamw]  how it learns\n"));
  EXPECT_THAT(lines, HasSubstr("    low  (number HU) [-1]  lower end\n"));
  EXPECT_THAT(lines, HasSubstr("    <name>.task  (binary | survival) [required]  what is predicted\n"));
  EXPECT_THAT(lines, HasSubstr("  adam  (section, or its beta)  a section with a main key\n"));
  EXPECT_THAT(field_lines(kitchen_section(), false), Not(HasSubstr("lower end")));
}

TEST(Reference, TableEscapesItsBars) {
  const auto table = field_table(kitchen_section());
  EXPECT_THAT(table, HasSubstr("| `window.low` | number HU | -1 | lower end |\n"));
  EXPECT_THAT(table, HasSubstr("| `heads.<name>.task` | binary \\| survival | required |"));
  EXPECT_THAT(table, HasSubstr("words \\| of text"));
}

}  // namespace
}  // namespace photo51::config
