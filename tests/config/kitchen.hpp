#pragma once
/// Options with a field of every kind, for the tests of reading, dumping and documenting.

#include "photo51/config/fields.hpp"

namespace photo51::config {

struct Adam {
  double beta = 0.9;
};
inline void describe(Fields& f, Adam& o) {
  f("beta", o.beta, "momentum", {.min = 0, .max = 1});
}

struct Window {
  double low = -1, high = 1;
};
inline void describe(Fields& f, Window& o) {
  f("low", o.low, "lower end", {.unit = "HU"});
  f("high", o.high, "upper end", {.unit = "HU"});
  f.check(o.low < o.high, "high", "must be above low");
}

struct Head {
  std::string task;
  int64_t classes = 2;
};
inline void describe(Fields& f, Head& o) {
  f("task", o.task, "what is predicted", {.one_of = {"binary", "survival"}, .required = true});
  f("classes", o.classes, "how many", {.min = 2});
}

inline const Components& optimizers() {
  static const Components table{component<Adam>("adamw", "adaptive"), component("sgd", "plain")};
  return table;
}

struct Kitchen {
  bool flag = false;
  int64_t count = 3;
  double rate = 0.1;
  std::string text = "plain";
  std::filesystem::path file;
  std::optional<int64_t> maybe_count;
  std::optional<double> maybe_rate;
  std::vector<std::string> names;
  std::vector<double> weights;
  std::vector<int64_t> sizes;
  std::array<double, 2> range{0, 1};
  Window window;
  Adam adam;
  std::optional<Window> maybe_window;
  std::vector<std::pair<std::string, Head>> heads;
  Choice optimizer = choose<Adam>("adamw");
  std::vector<Choice> stages;
};
inline void describe(Fields& f, Kitchen& o) {
  f("flag", o.flag, "a switch");
  f("count", o.count, "a whole number", {.min = 1, .max = 10});
  f("rate", o.rate, "a number", {.min = 0, .unit = "mm"});
  f("text", o.text, "a word");
  f("file", o.file, "a path");
  f("maybe_count", o.maybe_count, "optional");
  f("maybe_rate", o.maybe_rate, "optional", {.max = 5});
  f("names", o.names, "words | of text");
  f("weights", o.weights, "numbers");
  f("sizes", o.sizes, "whole numbers", {.min = 1});
  f("range", o.range, "two numbers");
  f.section("window", o.window, "always there");
  f.visit({"adam",
           "a section with a main key",
           {.lone = true},
           Section{[&o](Fields& g) { describe(g, o.adam); }, {}, {}}});
  f.section("maybe_window", o.maybe_window, "perhaps");
  f.group("heads", o.heads, "by name");
  f.choice("optimizer", o.optimizer, optimizers(), "how it learns");
  f.choices("stages", o.stages, optimizers(), "one after another");
}

}  // namespace photo51::config
