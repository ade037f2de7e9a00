// Configs of earlier versions, which named the keys of all components.
#include "photo51/config/stored_keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "photo51/config/read.hpp"

namespace photo51::config {
namespace {

struct Blade {
  double edge = 1;
  bool serrated = false;
};
void describe(Fields& f, Blade& o) {
  f("edge", o.edge, "of the blade");
  f("serrated", o.serrated, "whether it is");
}
struct Knife {
  Blade blade;
};
void describe(Fields& f, Knife& o) {
  f.section("blade", o.blade, "of steel");
}
struct DullBlade {
  double edge = 0;
};
void describe(Fields& f, DullBlade& o) {
  f("edge", o.edge, "of the blade");
}
struct Spatula {
  DullBlade blade;
  double width = 3;
};
void describe(Fields& f, Spatula& o) {
  f.section("blade", o.blade, "of wood");
  f("width", o.width, "of it");
}
const Components& kinds() {
  static const Components table{component<Knife>("knife", "cuts"), component<Spatula>("spatula", "turns")};
  return table;
}

struct Shelf {
  Choice best = choose<Knife>("knife");
};
void describe(Fields& f, Shelf& o) {
  f.choice("best", o.best, kinds(), "of all", {}, "kind");
}
struct Drawer {
  std::vector<std::pair<std::string, Choice>> tools;
  std::vector<Choice> spare;
  Choice by_name = choose<Knife>("knife");
  Shelf shelf;
  std::vector<std::pair<std::string, Shelf>> shelves;
};
void describe(Fields& f, Drawer& o) {
  f.choice_group("tools", o.tools, kinds(), "in it", {}, "kind");
  f.choices("spare", o.spare, kinds(), "behind them", {}, "kind");
  f.choice("by_name", o.by_name, kinds(), "another");
  f.section("shelf", o.shelf, "above");
  f.group("shelves", o.shelves, "further ones");
}

std::string after_drop(const std::string& yaml) {
  Node document = parse_yaml(yaml, "d.yaml");
  drop_keys_of_others<Drawer>(document);
  return to_yaml(document);
}

std::string plain(const std::string& yaml) {
  return to_yaml(parse_yaml(yaml, "d.yaml"));
}

TEST(StoredKeys, OfOtherComponentsGo) {
  EXPECT_EQ(after_drop("tools: {a: {kind: knife, width: 3, blade: {edge: 2, serrated: true}},"
                       " b: {kind: spatula, width: 4, blade: {edge: 2, serrated: true}}, c: knife}"),
            plain("tools: {a: {kind: knife, blade: {edge: 2, serrated: true}},"
                  " b: {kind: spatula, width: 4, blade: {edge: 2}}, c: knife}"));
  EXPECT_EQ(
      after_drop("spare: [{kind: knife, width: 3}]\nshelf: {best: {kind: knife, width: 3}}\n"
                 "shelves: {low: {best: {kind: knife, width: 3}}}"),
      plain("spare: [{kind: knife}]\nshelf: {best: {kind: knife}}\nshelves: {low: {best: {kind: knife}}}"));
}

TEST(StoredKeys, ThatNobodyHasStay) {
  const std::string odd =
      "tools: {a: {kind: knife, odd: 1, blade: {odd: 2}}, b: {kind: fork, width: 3}, c: {width: 3}}\n"
      "other: {kind: knife, width: 3}";
  EXPECT_EQ(after_drop(odd), plain(odd));
  const std::string named = "by_name: {name: knife, width: 3}";
  EXPECT_EQ(after_drop(named), plain(named)) << "such a map never had the keys of others";
}

}  // namespace
}  // namespace photo51::config
