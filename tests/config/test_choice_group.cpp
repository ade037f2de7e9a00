#include <gtest/gtest.h>

#include "photo51/config/read.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/core/error.hpp"

namespace photo51::config {

// Outside the anonymous namespace: found by argument-dependent lookup.
struct Blur {
  double sigma = 1;
};
void describe(Fields& f, Blur& o) {
  f("sigma", o.sigma, "width", {.min = 0});
}

namespace {

const Components& filters() {
  static const Components table = {component<Blur>("blur", "smooths"), component("none", "does nothing")};
  return table;
}

struct Rig {
  std::vector<std::pair<std::string, Choice>> filters;
  std::vector<std::string> names;
};
void describe(Fields& f, Rig& o) {
  f.choice_group("filters", o.filters, config::filters(), "a filter each channel", {.required = true});
  f("names", o.names, "names", {.lone = true});
}

std::string failure(const std::string& yaml) {
  Rig rig;
  try {
    read(parse_yaml(yaml, "rig.yaml"), rig);
  } catch (const core::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ChoiceGroup, ReadsNamesAndMapsInOrder) {
  Rig rig;
  read(parse_yaml("filters: {t2: {name: blur, sigma: 2.5}, t1: none}\nnames: 4\n", "rig.yaml"), rig);
  ASSERT_EQ(rig.filters.size(), 2U);
  EXPECT_EQ(rig.filters[0].first, "t2");
  EXPECT_EQ(rig.filters[0].second.as<Blur>().sigma, 2.5);
  EXPECT_EQ(rig.filters[1].second.name, "none");
  EXPECT_EQ(rig.names, std::vector<std::string>{"4"});
}

TEST(ChoiceGroup, SurvivesADump) {
  Rig rig;
  read(parse_yaml("filters: {t2: {name: blur, sigma: 2.5}}\nnames: [a, b]\n", "rig.yaml"), rig);
  Rig again;
  read(parse_yaml(to_yaml(dump(rig)), "dump.yaml"), again);
  ASSERT_EQ(again.filters.size(), 1U);
  EXPECT_EQ(again.filters[0].second.as<Blur>().sigma, 2.5);
  EXPECT_EQ(again.names, rig.names);
}

TEST(ChoiceGroup, ErrorsNameTheEntryAndTheNearestName) {
  EXPECT_EQ(failure("filters: {t2: blurr}"),
            "rig.yaml:1: filters.t2: there is no `blurr` (did you mean `blur`?)");
  EXPECT_EQ(failure("filters: {t2: {name: blur, sigm: 1}}"),
            "rig.yaml:1: filters.t2.sigm: unknown key (did you mean `sigma`?)");
  EXPECT_EQ(failure("filters: [blur]"), "rig.yaml:1: filters: expected a map of names, got a list");
  EXPECT_EQ(failure("names: a"), "rig.yaml:1: filters: is missing: a filter each channel");
}

TEST(ChoiceGroup, NullTakesAnEntryAwayAndEmptyTextIsAnEmptyList) {
  Node document = parse_yaml("filters: {t2: blur, t1: none}\nnames: ''\n", "rig.yaml");
  apply_override(document, "filters.t1=~");
  Rig rig;
  read(document, rig);
  ASSERT_EQ(rig.filters.size(), 1U);
  EXPECT_EQ(rig.filters[0].first, "t2");
  EXPECT_TRUE(rig.names.empty());
  EXPECT_EQ(failure("filters: {t2: ~}"),
            "rig.yaml:1: filters.t2: there is nothing of this name to take away");
}

TEST(ChoiceGroup, IsInTheReferenceAndTheSchema) {
  Rig rig;
  const Section section{[&](Fields& f) { describe(f, rig); }, {}, {}};
  EXPECT_NE(field_table(section).find("map of names to one of: blur, none"), std::string::npos);
  const std::string schema = json_schema(section, "rig");
  EXPECT_NE(schema.find("additionalProperties"), std::string::npos);
  EXPECT_NE(schema.find("\"const\": \"blur\""), std::string::npos);
}

}  // namespace
}  // namespace photo51::config
