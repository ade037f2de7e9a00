#include "photo51/radiogenomics/options.hpp"

#include <algorithm>

#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/learners/feature_selection.hpp"
#include "photo51/radiogenomics/heads/table.hpp"

namespace photo51::radiogenomics {

std::optional<int64_t> class_count(const HeadOptions& options) {
  if (options.classes.size() != 1) return std::nullopt;
  const auto count = core::parse_int(options.classes[0]);
  return count ? std::optional<int64_t>(*count) : std::nullopt;
}

namespace {

bool has_option(const TaskHead& head, const std::string& key) {
  return std::find(head.options.begin(), head.options.end(), key) != head.options.end();
}

std::vector<std::string> all_tasks() {
  std::vector<std::string> names;
  for (const auto& task : data::tasks()) names.push_back(task.name);
  return names;
}

/// "binary and survival": the tasks whose heads have this option.
std::string heads_with(const std::string& key) {
  std::vector<std::string> names;
  for (const auto& task : head_tasks())
    if (has_option(head_of(task), key)) names.push_back(task);
  if (names.size() < 2) return core::join(names, "");
  const std::string last = names.back();
  names.pop_back();
  return core::join(names, ", ") + " and " + last;
}

}  // namespace

void describe(config::Fields& f, HeadOptions& o) {
  f("task", o.task, "what the head predicts", {.one_of = all_tasks(), .required = true});
  f("label", o.label, "manifest column; empty = the head's name (survival: `time`)");
  f("event", o.event,
    "survival: manifest column that says whether the event was seen: 1 or 0, true or false, yes or no, dead "
    "or "
    "alive, `1:…` or `0:…`, or words of `positive` and `negative`");
  f("time_unit", o.time_unit, "survival: of the label; the report keeps it",
    {.one_of = {"days", "months", "years"}});
  f("positive", o.positive,
    "binary, and the event of survival: the word, or words, that count as 1; empty = the column holds 0/1, "
    "false/true or no/yes",
    {.lone = true});
  f("negative", o.negative,
    "with `positive`: the words that count as 0; empty = the one other word of the column. A further word is "
    "an "
    "error",
    {.lone = true});
  f("classes", o.classes, "multiclass: the labels in order, or how many there are (names from the data)",
    {.lone = true});
  f("table", o.table, "expression: table of genes by cases, relative to the manifest");
  f("genes", o.genes, "expression: keeps these genes; empty = all of the table");
  f("loss", o.loss, "survival: cox_efron (default) or discrete_nll; empty for the other tasks",
    {.one_of = {"", "cox_efron", "discrete_nll"}});
  f("bins", o.bins, "discrete_nll: time bins, bounded by quantiles of the training events", {.min = 2});
  f("weight", o.weight, "weight of the head's loss", {.min = 0});
  f("class_weights", o.class_weights, "of the loss: inverse = inverse frequency in the training part",
    {.one_of = {"none", "inverse"}});
  f("label_smoothing", o.label_smoothing, "part of the target that is spread over all classes",
    {.min = 0, .max = 1});
  f("inputs", o.inputs, "the encoders that the head sees; empty = all");
  f.choice(
      "estimator", o.estimator, learners::estimators().components(),
      "fitted to the encoders' features once they are trained; absent = a linear layer trained with them");
  f.choices("feature_selection", o.feature_selection, learners::feature_selections().components(),
            "with an estimator: what chooses features in the training part, one after the other");
  f("bootstrap_samples", o.bootstrap_samples,
    "with an estimator: bootstrap samples of the training part; features are selected and the estimator "
    "fitted anew in each, and they are averaged. 1 = the part itself, once",
    {.min = 1});

  const TaskHead* head = find_head(o.task);
  f.check(
      head != nullptr, "task",
      "the task `" + o.task + "` has no heads; add it with radiogenomics::add_head before a config is read");
  const auto has = [&](const std::string& key) { return head != nullptr && has_option(*head, key); };
  const auto belongs = [&](bool given, const char* key) {
    f.check(!given || has(key), key, "belongs to " + heads_with(key) + " heads only");
  };
  const data::Task* task = data::find_task(o.task);
  const bool own_table = task != nullptr && task->has_own_table;
  const std::string one = (o.task.find_first_of("aeiou") == 0 ? "an " : "a ") + o.task + " head";
  f.check(!own_table || !o.table.empty(), "table", one + " needs the table that it learns from");
  belongs(!o.table.empty(), "table");
  belongs(!o.genes.empty(), "genes");
  f.check(!own_table || o.label.empty(), "label", "does not belong to " + one + "; it has a `table`");
  belongs(!o.positive.empty(), "positive");
  f.check(o.negative.empty() || !o.positive.empty(), "negative",
          "needs `positive`, the words that count as 1");
  for (const auto& word : o.negative)
    f.check(std::find(o.positive.begin(), o.positive.end(), word) == o.positive.end(), "negative",
            "`" + word + "` is in `positive` too");
  belongs(o.time_unit != "days", "time_unit");
  belongs(!o.classes.empty(), "classes");
  f.check(o.loss.empty() || has("loss"), "loss", "may be chosen for " + heads_with("loss") + " heads only");
  belongs(o.class_weights != "none", "class_weights");
  belongs(o.label_smoothing != 0, "label_smoothing");
  f.check(o.label_smoothing < 1, "label_smoothing", "must be below 1");
  const bool fitted = !o.estimator.empty(), combines = seen_by(o) == Sees::heads;
  f.check(!fitted || learners::has_estimators(o.task), "estimator", one + " has none; it is a linear layer");
  f.check(fitted || o.feature_selection.empty(), "feature_selection",
          "belongs to a head with an `estimator`");
  f.check(fitted || o.bootstrap_samples == 1, "bootstrap_samples", "belongs to a head with an `estimator`");
  f.check(!combines || o.feature_selection.empty(), "feature_selection",
          "a stack weighs the heads that it names; leave it out");
  f.check(!combines || o.inputs.empty(), "inputs", "a stack sees the heads that it names; leave it out");
  f.check(!fitted || o.loss.empty(), "loss", "is the estimator's own; leave it out");
  f.check(!fitted || o.label_smoothing == 0, "label_smoothing", "belongs to a head without an `estimator`");
  if (o.classes.size() == 1)
    f.check(class_count(o).value_or(0) >= 2, "classes", "needs two names or more, or a number of at least 2");
  auto sorted = o.classes;
  std::sort(sorted.begin(), sorted.end());
  f.check(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "classes", "names a class twice");
}

void describe(config::Fields& f, SnnOptions& o) {
  f("hidden", o.hidden, "features of each layer; the last are the embedding", {.min = 1});
  f("dropout", o.dropout, "alpha dropout after each layer in training", {.min = 0, .max = 1});
  f("noise", o.noise, "deviation of Gaussian noise on the features (z-scores) in training", {.min = 0});
  f.check(!o.hidden.empty(), "hidden", "needs at least one layer");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

void describe(config::Fields& f, LinearOptions& o) {
  f("width", o.width, "features of the embedding", {.min = 1, .required = true});
  f("dropout", o.dropout, "dropout of the embedding in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

void describe(config::Fields& f, IdentityOptions& o) {
  f("dropout", o.dropout, "dropout of the features in training", {.min = 0, .max = 1});
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

}  // namespace photo51::radiogenomics
