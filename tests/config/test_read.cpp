#include "photo51/config/read.hpp"

#include <gtest/gtest.h>

#include "config/kitchen.hpp"
#include "support/errors.hpp"

namespace photo51::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Kitchen parse(const std::string& yaml) {
  Kitchen kitchen;
  read(parse_yaml(yaml, "folder/k.yaml"), kitchen);
  return kitchen;
}

const char* everything = R"(flag: true
count: 7
rate: 2.5
text: "yes"
file: data/x.csv
maybe_count: 4
maybe_rate: -1e3
names: [a, 12, "b c"]
weights: [1, 2.5]
sizes: [3, 4]
range: [-2, 2]
window: {low: -160, high: 240}
maybe_window: {high: 9}
heads:
  idh: {task: binary}
  os: {task: survival, classes: 5}
optimizer: {name: adamw, beta: 0.5}
stages: [sgd, {name: adamw}]
)";

TEST(Read, FillsEveryKindOfField) {
  const Kitchen k = parse(everything);
  EXPECT_TRUE(k.flag);
  EXPECT_EQ(k.count, 7);
  EXPECT_EQ(k.rate, 2.5);
  EXPECT_EQ(k.text, "yes");
  EXPECT_EQ(k.file, std::filesystem::absolute("folder/data/x.csv"));
  EXPECT_EQ(k.maybe_count, 4);
  EXPECT_EQ(k.maybe_rate, -1000);
  EXPECT_EQ(k.names, (std::vector<std::string>{"a", "12", "b c"}));
  EXPECT_EQ(k.weights, (std::vector<double>{1, 2.5}));
  EXPECT_EQ(k.sizes, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(k.range[0], -2);
  EXPECT_EQ(k.window.high, 240);
  ASSERT_TRUE(k.maybe_window.has_value());
  EXPECT_EQ(k.maybe_window->low, -1);
  ASSERT_EQ(k.heads.size(), 2U);
  EXPECT_EQ(k.heads[1].first, "os");
  EXPECT_EQ(k.heads[1].second.classes, 5);
  EXPECT_EQ(k.optimizer.as<Adam>().beta, 0.5);
  ASSERT_EQ(k.stages.size(), 2U);
  EXPECT_EQ(k.stages[0].name, "sgd");
}

TEST(Read, WhatIsNotGivenKeepsItsDefault) {
  const Kitchen k = parse("");
  EXPECT_EQ(k.count, 3);
  EXPECT_FALSE(k.maybe_count.has_value());
  EXPECT_FALSE(k.maybe_window.has_value());
  EXPECT_EQ(k.optimizer.name, "adamw");
  EXPECT_FALSE(parse("maybe_window: ~").maybe_window.has_value());
  EXPECT_EQ(parse("optimizer: {beta: 0.25}").optimizer.as<Adam>().beta, 0.25);
  EXPECT_EQ(parse("optimizer: sgd").optimizer.name, "sgd");
}

TEST(Read, ABareValueOfASectionIsItsMainKey) {
  EXPECT_EQ(parse("adam: 0.75").adam.beta, 0.75);
  EXPECT_EQ(parse("adam: {beta: 0.5}").adam.beta, 0.5);
  PHOTO51_EXPECT_ERROR(parse("adam: 2"), usage, HasSubstr("k.yaml:1: adam.beta: must be at most 1, not 2"));
}

TEST(Read, AbsolutePathsStay) {
  EXPECT_EQ(parse("file: /data/x.csv").file, "/data/x.csv");
  EXPECT_EQ(parse("file: ../x.csv").file, std::filesystem::absolute("x.csv"));
}

TEST(Read, ErrorsNameFileLineKeyAndRemedy) {
  const auto refuses = [](const std::string& yaml, const std::string& message) {
    PHOTO51_EXPECT_ERROR(parse(yaml), usage, HasSubstr(message));
  };
  refuses("count: 2\nconut: 3\n", "folder/k.yaml:2: conut: unknown key (did you mean `count`?)");
  refuses("window: {lwo: 3}", "k.yaml:1: window.lwo: unknown key (did you mean `low`?)");
  refuses("heads:\n  idh: {task: binary, clases: 2}",
          "k.yaml:2: heads.idh.clases: unknown key (did you mean `classes`?)");
  refuses("optimizer: {name: adamw, betta: 1}", "optimizer.betta: unknown key (did you mean `beta`?)");
  refuses("optimizer: {name: adam}", "optimizer: there is no `adam` (did you mean `adamw`?)");
  refuses("optimizer: newton", "there is no `newton` (one of: adamw, sgd)");
  refuses("optimizer: [sgd]", "expected a name or {name: …}, got a list");
  refuses("stages: [{beta: 1}]", "stages: needs a `name`: adamw, sgd");
  refuses("flag: maybe", "flag: expected true or false, got `maybe`");
  refuses("count: 2.5", "count: expected a whole number, got `2.5`");
  refuses("count: \"2\"", "count: expected a whole number, got `2`");
  refuses("count: [2]", "count: expected a whole number, got a list");
  refuses("count: 11", "count: must be at most 10, not 11");
  refuses("count: 0", "count: must be at least 1, not 0");
  refuses("rate: fast", "rate: expected a number, got `fast`");
  refuses("rate: -0.5", "rate: must be at least 0 mm, not -0.5");
  for (const char* number : {"nan", "inf", "-inf"})
    refuses(std::string("rate: ") + number, std::string("rate: must be a finite number, not ") + number);
  refuses("rate: 0,5", "rate: expected a number, got `0,5`; write its decimals with a point");
  refuses("count: 2,0", "count: expected a whole number, got `2,0`; write its decimals with a point");
  refuses("maybe_rate: 6", "must be at most 5, not 6");
  refuses("text: {a: 1}", "text: expected text, got a map");
  refuses("names: a", "names: expected a list, got `a`");
  refuses("sizes: [1, 0]", "sizes: must be at least 1, not 0");
  refuses("range: [1]", "range: expected 2 numbers, got 1");
  refuses("window: 3", "window: expected a map of keys, got `3`");
  refuses("\nwindow:\n  low: 5\n  high: 2", "k.yaml:4: window.high: must be above low");
  refuses("window: {low: 5}", "k.yaml:1: window.high: must be above low");
  refuses("heads: [a]", "heads: expected a map of names, got a list");
  refuses("heads: {idh: {classes: 2}}", "heads.idh.task: is missing: what is predicted");
  refuses("heads: {idh: {task: ~}}", "heads.idh.task: is missing");
  refuses(
      "heads: {idh: {task: binnary}}",
      "heads.idh.task: `binnary` is not a valid value (did you mean `binary`?); it takes binary, survival");
}

struct Spacing {
  std::vector<double> mm;
};
void describe(Fields& f, Spacing& o) {
  f("mm", o.mm, "three numbers");
  f.check_count(o.mm.size(), 3, "mm", "takes three numbers");
}

TEST(Read, AListThatIsTooLongMayHaveDecimalCommas) {
  const std::string hint = "; a decimal comma begins a new number, so write 0.5, not 0,5";
  PHOTO51_EXPECT_ERROR(parse("range: [0,5, 0,7]"), usage,
                       "folder/k.yaml:1: range: expected 2 numbers, got 4" + hint);
  PHOTO51_EXPECT_ERROR(parse("range: [1]"), usage, "folder/k.yaml:1: range: expected 2 numbers, got 1");
  Spacing spacing;
  const auto read_spacing = [&](const char* yaml) { read(parse_yaml(yaml, "s.yaml"), spacing); };
  read_spacing("mm: [0.5, 0.5, 1]");
  EXPECT_EQ(spacing.mm, (std::vector<double>{0.5, 0.5, 1}));
  PHOTO51_EXPECT_ERROR(read_spacing("mm: [0,5, 0,5, 1]"), usage, "s.yaml:1: mm: takes three numbers" + hint);
  PHOTO51_EXPECT_ERROR(read_spacing("mm: [1, 1]"), usage, "s.yaml:1: mm: takes three numbers");
}

TEST(Read, AnUnknownKeyIsAnErrorWhateverItsValue) {
  for (const char* value : {"~", "null", "3", "{}"})
    PHOTO51_EXPECT_ERROR(parse(std::string("conut: ") + value), usage,
                         HasSubstr("conut: unknown key (did you mean `count`?)"));
  Node document = parse_yaml("count: 4", "k.yaml");
  apply_override(document, "conut=null");
  Kitchen kitchen;
  PHOTO51_EXPECT_ERROR(read(document, kitchen), usage, HasSubstr("conut: unknown key"));
}

TEST(Read, NullGivesTheDefaultBack) {
  Node document = parse_yaml(everything, "k.yaml");
  for (const char* key : {"count", "maybe_count", "maybe_window", "window", "optimizer", "names", "heads.os"})
    apply_override(document, std::string(key) + "=null");
  Kitchen k;
  read(document, k);
  EXPECT_EQ(k.count, 3);
  EXPECT_FALSE(k.maybe_count.has_value());
  EXPECT_FALSE(k.maybe_window.has_value());
  EXPECT_EQ(k.window.high, 1);
  EXPECT_EQ(k.optimizer.as<Adam>().beta, 0.9);
  EXPECT_TRUE(k.names.empty());
  ASSERT_EQ(k.heads.size(), 1U);
  EXPECT_EQ(k.heads[0].first, "idh");
  apply_override(document, "heads.so=null");
  PHOTO51_EXPECT_ERROR(read(document, k), usage,
                       HasSubstr("heads.so: there is nothing of this name to take away"));
}

struct Outer {
  Head head;
};
void describe(Fields& f, Outer& o) {
  f.section("head", o.head, "a section with a required key");
}

TEST(Read, RequiredKeysOfAnAbsentSectionAreMissed) {
  Outer outer;
  for (const char* yaml : {"", "{}", "head: ~", "head: {}"})
    PHOTO51_EXPECT_ERROR(read(parse_yaml(yaml, "o.yaml"), outer), usage, HasSubstr("head.task: is missing"));
}

TEST(Read, DefaultChoiceOfAnUnknownNameIsAUsageError) {
  EXPECT_EQ(default_choice(optimizers(), "adamw").as<Adam>().beta, 0.9);
  PHOTO51_EXPECT_ERROR(default_choice(optimizers(), "sdg"), usage, "there is no `sdg` (did you mean `sgd`?)");
}

TEST(Dump, ReadsBackToTheSame) {
  for (const char* yaml : {"", everything, "{text: NULL, names: ['~', 'a: b', '', '# no', \"l\\nl\"]}"}) {
    Kitchen k = parse(yaml);
    const std::string text = to_yaml(dump(k));
    Kitchen again;
    read(parse_yaml(text, "dump.yaml"), again);
    EXPECT_EQ(to_yaml(dump(again)), text);
    EXPECT_EQ(again.text, k.text);
    EXPECT_EQ(again.names, k.names);
    EXPECT_EQ(again.file, k.file);
    EXPECT_EQ(again.heads.size(), k.heads.size());
    EXPECT_EQ(again.rate, k.rate);
    EXPECT_EQ(again.optimizer.as<Adam>().beta, k.optimizer.as<Adam>().beta);
  }
}

TEST(Dump, TellsDefaultsAndLeavesOutWhatIsUnset) {
  Kitchen k;
  const Node node = dump(k);
  EXPECT_EQ(node.find("rate")->text, "0.1");
  EXPECT_EQ(node.find("optimizer")->find("beta")->text, "0.9");
  EXPECT_EQ(node.find("window")->find("low")->text, "-1");
  for (const char* unset : {"maybe_count", "maybe_window", "file"}) EXPECT_EQ(node.find(unset), nullptr);
  k.text = "NULL";  // without quotes YAML would read nothing
  Kitchen again;
  read(parse_yaml(to_yaml(dump(k)), "dump.yaml"), again);
  EXPECT_EQ(again.text, "NULL");
}

}  // namespace
}  // namespace photo51::config
