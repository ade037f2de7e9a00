#include "photo51/config/validate.hpp"

#include <functional>
#include <limits>

#include "config/kitchen.hpp"
#include "support/errors.hpp"

namespace photo51::config {
namespace {

using ::testing::HasSubstr;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// What is said of a kitchen that `change` made wrong.
std::string said(const std::function<void(Kitchen&)>& change, const std::string& what = "") {
  Kitchen kitchen;
  change(kitchen);
  return test::message_of(core::Fault::usage, [&] { validate(kitchen, what); });
}

TEST(Validate, DefaultsAndSoundValuesPass) {
  Kitchen kitchen;
  EXPECT_NO_THROW(validate(kitchen, ""));
  kitchen.maybe_window = Window{.low = 0, .high = 2};
  kitchen.heads = {{"a", {.task = "binary", .classes = 2}}, {"b", {.task = "survival", .classes = 3}}};
  kitchen.stages = {choose("sgd"), choose<Adam>("adamw", {.beta = 1})};
  kitchen.optimizer = {};  // not required
  EXPECT_NO_THROW(validate(kitchen, "kitchen"));
}

TEST(Validate, EveryLimitIsHeldByItsField) {
  EXPECT_EQ(said([](Kitchen& k) { k.count = 11; }), "count: must be at most 10, not 11");
  EXPECT_EQ(said([](Kitchen& k) { k.count = 0; }, "shop"), "shop.count: must be at least 1, not 0");
  EXPECT_EQ(said([](Kitchen& k) { k.rate = -1; }), "rate: must be at least 0 mm, not -1");
  EXPECT_THAT(said([](Kitchen& k) { k.rate = nan; }), HasSubstr("rate: must be a finite number"));
  EXPECT_EQ(said([](Kitchen& k) { k.maybe_rate = 6; }), "maybe_rate: must be at most 5, not 6");
  EXPECT_EQ(said([](Kitchen& k) { k.sizes = {1, 0}; }), "sizes: must be at least 1, not 0");
  EXPECT_THAT(said([](Kitchen& k) { k.weights = {1, infinity}; }), HasSubstr("weights: must be a finite"));
  EXPECT_THAT(said([](Kitchen& k) { k.range[1] = infinity; }), HasSubstr("range: must be a finite"));
  EXPECT_EQ(said([](Kitchen& k) { k.adam.beta = 2; }), "adam.beta: must be at most 1, not 2");
}

TEST(Validate, ConditionsBetweenFieldsHold) {
  EXPECT_EQ(said([](Kitchen& k) { k.window.low = 5; }), "window.high: must be above low");
  EXPECT_EQ(said([](Kitchen& k) { k.maybe_window = Window{.low = 5, .high = 1}; }, "shop"),
            "shop.maybe_window.high: must be above low");
}

TEST(Validate, NamesInAMapAndTheirValues) {
  EXPECT_EQ(said([](Kitchen& k) { k.heads = {{"a", {}}}; }), "heads.a.task: is missing: what is predicted");
  EXPECT_EQ(
      said([](Kitchen& k) {
        k.heads = {{"a", {.task = "binari", .classes = 2}}};
      }),
      "heads.a.task: `binari` is not a valid value (did you mean `binary`?); it takes binary, survival");
  const Head head{.task = "binary", .classes = 2};
  EXPECT_EQ(said([&](Kitchen& k) {
              k.heads = {{"a", head}, {"a", head}};
            }),
            "heads: the name `a` stands twice");
}

TEST(Validate, ComponentsAreOfTheTableAndHaveItsOptions) {
  EXPECT_EQ(said([](Kitchen& k) { k.optimizer.name = "adam"; }),
            "optimizer: there is no `adam` (did you mean `adamw`?)");
  EXPECT_EQ(said([](Kitchen& k) { k.optimizer = choose("adamw"); }),
            "optimizer: `adamw` has the options photo51::config::Adam, and was given "
            "photo51::config::NoOptions");
  EXPECT_THAT(said([](Kitchen& k) {
                k.optimizer = {"sgd", nullptr};
              }),
              HasSubstr("optimizer: `sgd` comes without options"));
  EXPECT_EQ(said([](Kitchen& k) { k.optimizer = choose<Adam>("adamw", {.beta = 2}); }),
            "optimizer.beta: must be at most 1, not 2");
  EXPECT_EQ(said([](Kitchen& k) { k.stages = {choose<Adam>("adamw", {.beta = 2})}; }),
            "stages.beta: must be at most 1, not 2");
}

struct Order {
  std::filesystem::path file = "menu.csv";
  Choice stove = choose("sgd");
  std::vector<std::pair<std::string, Choice>> more;
  std::optional<int64_t> guests;
  std::vector<std::string> dishes;
  double heat = nan;
};
void describe(Fields& f, Order& o) {
  f("file", o.file, "of dishes", {.required = true});
  f.choice("stove", o.stove, optimizers(), "that cooks", {.required = true});
  f.choice_group("more", o.more, optimizers(), "by name");
  f("guests", o.guests, "how many", {.min = 1});
  f("dishes", o.dishes, "that are cooked", {.one_of = {"soup", "rice"}});
  f("heat", o.heat, "of the stove", {.max = 9, .one_of = {"nan"}});
}

TEST(Validate, WhatIsRequiredIsThereAndWordsStandForNumbers) {
  const auto refused = [](const std::function<void(Order&)>& change) {
    Order order;
    change(order);
    return test::message_of(core::Fault::usage, [&] { validate(order, ""); });
  };
  EXPECT_NO_THROW(validate(Order{}, "")) << "NaN is a word";
  EXPECT_EQ(refused([](Order& o) { o.file.clear(); }), "file: is missing: of dishes");
  EXPECT_EQ(refused([](Order& o) { o.stove = {}; }), "stove: is missing: that cooks");
  EXPECT_EQ(refused([](Order& o) { o.guests = 0; }), "guests: must be at least 1, not 0");
  EXPECT_THAT(refused([](Order& o) {
                o.dishes = {"rice", "ice"};
              }),
              HasSubstr("dishes: `ice` is not a valid value"));
  EXPECT_EQ(refused([](Order& o) { o.heat = 10; }), "heat: must be at most 9, not 10");
  EXPECT_EQ(refused([](Order& o) {
              o.more = {{"a", choose<Adam>("adamw", {.beta = -1})}};
            }),
            "more.a.beta: must be at least 0, not -1");
  EXPECT_EQ(refused([](Order& o) {
              o.more = {{"a", choose("sgd")}, {"a", choose("sgd")}};
            }),
            "more: the name `a` stands twice");
}

}  // namespace
}  // namespace photo51::config
