#include "photo51/radiogenomics/heads/options.hpp"

#include <algorithm>
#include <array>

#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/imaging/masks/classes.hpp"
#include "photo51/learners/estimator.hpp"
#include "photo51/learners/feature_selection.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

void label_field(config::Fields& f, ColumnHeadOptions& o, const char* help) {
  f("label", o.label, help);
}

void common_fields(config::Fields& f, HeadOptions& o) {
  f("weight", o.weight, "weight of the head's loss", {.min = 0});
  f("inputs", o.inputs, "the encoders that the head sees; empty = all");
}

void estimator_fields(config::Fields& f, EstimatorHeadOptions& o) {
  f.choice(
      "estimator", o.estimator, learners::estimators().components(),
      "fitted to the encoders' features once they are trained; absent = a linear layer trained with them");
  f.choices("feature_selection", o.feature_selection, learners::feature_selections().components(),
            "with an estimator: what chooses features in the training part, one after the other");
  f("bootstrap_samples", o.bootstrap_samples,
    "with an estimator: bootstrap samples of the training part; features are selected and the estimator "
    "fitted anew in each, and they are averaged. 1 = the part itself, once",
    {.min = 1});
  const bool fitted = !o.estimator.empty(), combines = fitted && learners::combines_heads(o.estimator);
  f.check(fitted || o.feature_selection.empty(), "feature_selection",
          "belongs to a head with an `estimator`");
  f.check(fitted || o.bootstrap_samples == 1, "bootstrap_samples", "belongs to a head with an `estimator`");
  f.check(!combines || o.feature_selection.empty(), "feature_selection",
          "a stack weighs the heads that it names; leave it out");
  f.check(!combines || o.inputs.empty(), "inputs", "a stack sees the heads that it names; leave it out");
}

void class_fields(config::Fields& f, ClassHeadOptions& o) {
  f("class_weights", o.class_weights, "of the loss: inverse = inverse frequency in the training part");
  f("label_smoothing", o.label_smoothing, "part of the target that is spread over all classes",
    {.min = 0, .max = 1});
  f.check(o.label_smoothing < 1, "label_smoothing", "must be below 1");
  f.check(o.estimator.empty() || o.label_smoothing == 0, "label_smoothing",
          "belongs to a head without an `estimator`");
}

/// `Options` has `positive` and `negative`.
template <class Options>
void word_fields(config::Fields& f, Options& o, const char* what_counts) {
  f("positive", o.positive, what_counts, {.lone = true});
  f("negative", o.negative,
    "with `positive`: the words that count as 0; empty = the one other word of the column. A further word is "
    "an error",
    {.lone = true});
  f.check(o.negative.empty() || !o.positive.empty(), "negative",
          "needs `positive`, the words that count as 1");
  for (const auto& word : o.negative)
    f.check(std::ranges::find(o.positive, word) == o.positive.end(), "negative",
            "`" + word + "` is in `positive` too");
}

constexpr const char* usual_label = "manifest column; empty = the head's name";

}  // namespace

std::span<const std::string_view> enum_names(ClassWeights) {
  static constexpr std::array<std::string_view, 2> names{"none", "inverse"};
  return names;
}

std::span<const std::string_view> enum_names(TimeUnit) {
  static constexpr std::array<std::string_view, 3> names{"days", "months", "years"};
  return names;
}

std::span<const std::string_view> enum_names(SurvivalLoss) {
  static constexpr std::array<std::string_view, 3> names{"", "cox_efron", "discrete_nll"};
  return names;
}

void describe(config::Fields& f, HeadOptions& o) {
  common_fields(f, o);
}

void describe(config::Fields& f, ColumnHeadOptions& o) {
  label_field(f, o, usual_label);
  common_fields(f, o);
}

void describe(config::Fields& f, EstimatorHeadOptions& o) {
  label_field(f, o, usual_label);
  common_fields(f, o);
  estimator_fields(f, o);
}

void describe(config::Fields& f, ClassHeadOptions& o) {
  label_field(f, o, usual_label);
  common_fields(f, o);
  class_fields(f, o);
  estimator_fields(f, o);
}

void describe(config::Fields& f, BinaryHeadOptions& o) {
  label_field(f, o, usual_label);
  word_fields(f, o,
              "the word, or words, that count as 1; empty = the column holds 0/1, false/true or no/yes");
  common_fields(f, o);
  class_fields(f, o);
  estimator_fields(f, o);
}

void describe(config::Fields& f, MulticlassHeadOptions& o) {
  label_field(f, o, usual_label);
  f("classes", o.classes, "the labels in order, or how many there are (names from the data)", {.lone = true});
  common_fields(f, o);
  class_fields(f, o);
  estimator_fields(f, o);
  if (o.classes.size() == 1)
    f.check(class_count(o).value_or(0) >= 2, "classes", "needs two names or more, or a number of at least 2");
  auto sorted = o.classes;
  std::ranges::sort(sorted);
  f.check(std::ranges::adjacent_find(sorted) == sorted.end(), "classes", "names a class twice");
}

void describe(config::Fields& f, SurvivalHeadOptions& o) {
  label_field(f, o, "manifest column of the time; empty = `time`");
  f("time_unit", o.time_unit, "of the label; the report keeps it");
  f("event", o.event,
    "manifest column that says whether the event was seen: 1 or 0, true or false, yes or no, dead or alive, "
    "`1:…` or `0:…`, or words of `positive` and `negative`");
  word_fields(f, o, "the word, or words, of `event` that count as 1; empty = those that it names");
  f("loss", o.loss, "cox_efron (default) or discrete_nll");
  f("bins", o.bins, "discrete_nll: time bins, bounded by quantiles of the training events", {.min = 2});
  common_fields(f, o);
  estimator_fields(f, o);
  f.check(o.estimator.empty() || o.loss == SurvivalLoss::usual, "loss",
          "is the estimator's own; leave it out");
}

void describe(config::Fields& f, SegmentationHeadOptions& o) {
  f("input", o.input, "the image that is outlined", {.required = true});
  f("label", o.label, "manifest column of the masks, a file a case; empty = the head's name");
  f("classes", o.classes, "names of what the mask tells apart, without the background",
    {.required = true, .lone = true});
  f("values", o.values, "of the mask's voxels, a class each; empty = 1, 2, …, and of one class all but 0");
  f.choice("decoder", o.decoder, backbones::decoders().components(),
           "what makes a map of the encoder's stages");
  f.choice("loss", o.loss, segmentation_losses().components(), "of the map");
  f("weight", o.weight, "weight of the head's loss", {.min = 0});
  f.check(!o.input.empty(), "input", "name the input that is outlined");
  f.check(!o.classes.empty() && o.classes.size() <= imaging::most_classes, "classes",
          "needs a name, and at most " + std::to_string(imaging::most_classes));
  auto names = o.classes;
  std::ranges::sort(names);
  f.check(std::ranges::adjacent_find(names) == names.end(), "classes", "names a class twice");
  f.check(std::ranges::none_of(names, [](const auto& name) { return name.empty(); }), "classes",
          "a name is empty");
  auto values = o.values;
  std::ranges::sort(values);
  f.check(values.empty() || values.size() == o.classes.size(), "values", "needs as many as `classes`");
  f.check(std::ranges::adjacent_find(values) == values.end(), "values", "names a value twice");
  f.check(std::ranges::find(values, 0) == values.end(), "values", "0 is the background");
  f.check(!o.decoder.empty(), "decoder", "is empty; it takes a name");
  f.check(!o.loss.empty(), "loss", "is empty; it takes a name");
}

void describe(config::Fields& f, ExpressionHeadOptions& o) {
  f("table", o.table, "table of genes by cases, relative to the manifest");
  f("genes", o.genes, "keeps these genes; empty = all of the table");
  common_fields(f, o);
  f.check(!o.table.empty(), "table", "an expression head needs the table that it learns from");
}

}  // namespace photo51::radiogenomics
