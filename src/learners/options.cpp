#include "photo51/learners/options.hpp"

namespace photo51::learners {
namespace {

constexpr const char* chosen_lambda = "penalty; 0 = the one of least loss in inner cross-validation";
constexpr const char* inner_folds_help = "inner folds of the training part, by which the penalty is chosen";

}  // namespace

void describe(config::Fields& f, ElasticNetOptions& o) {
  f("l1_ratio", o.l1_ratio, "0 = ridge, 1 = lasso", {.min = 0, .max = 1});
  f("lambda", o.lambda, chosen_lambda, {.min = 0});
  f("folds", o.folds, inner_folds_help, {.min = 2});
  f("rule", o.rule, "of the chosen penalty: the best, or the largest within one standard error of it",
    {.one_of = {"best", "one_standard_error"}});
}

void describe(config::Fields& f, KernelOptions& o) {
  f("gamma", o.gamma, "of exp(-gamma |x - x'|^2), x standardised; 0 = one over the number of features",
    {.min = 0});
  f("lambda", o.lambda, chosen_lambda, {.min = 0});
  f("components", o.components, "random Fourier features", {.min = 1});
  f("folds", o.folds, inner_folds_help, {.min = 2});
}

void describe(config::Fields& f, BoostedTreesOptions& o) {
  f("rounds", o.rounds, "trees, one after the other (a class)", {.min = 1});
  f("learning_rate", o.learning_rate, "share of each tree", {.min = 0, .max = 1});
  f("max_depth", o.max_depth, "of a tree", {.min = 1});
  f("min_child_weight", o.min_child_weight, "least sum of curvature in a leaf", {.min = 0});
  f("subsample", o.subsample, "share of the cases a tree", {.min = 0, .max = 1});
  f("colsample_bytree", o.colsample_bytree, "share of the features a tree", {.min = 0, .max = 1});
  f("lambda", o.lambda, "L2 penalty of the leaves", {.min = 0});
  f("alpha", o.alpha, "L1 penalty of the leaves", {.min = 0});
  f("gamma", o.gamma, "least gain of a split", {.min = 0});
  f.check(o.learning_rate > 0, "learning_rate", "must be positive");
  f.check(o.subsample > 0, "subsample", "must be positive");
  f.check(o.colsample_bytree > 0, "colsample_bytree", "must be positive");
}

void describe(config::Fields& f, RandomForestOptions& o) {
  f("trees", o.trees, "of the forest (a class)", {.min = 1});
  f("max_depth", o.max_depth, "of a tree", {.min = 1});
  f("min_child_weight", o.min_child_weight, "least sum of curvature in a leaf", {.min = 0});
  f("subsample", o.subsample, "share of the cases a tree", {.min = 0, .max = 1});
  f("colsample_bynode", o.colsample_bynode, "share of the features a split; 0 = their square root",
    {.min = 0, .max = 1});
  f("lambda", o.lambda, "L2 penalty of the leaves", {.min = 0});
  f.check(o.subsample > 0, "subsample", "must be positive");
}

void describe(config::Fields& f, StackOptions& o) {
  f("heads", o.heads, "the heads that are combined, all of this head's label", {.required = true});
  f("folds", o.folds,
    "inner folds of the training part: what is combined is what heads say of left-out cases", {.min = 2});
  f.check(o.heads.size() > 1, "heads", "needs two heads or more");
}

void describe(config::Fields& f, UnivariateOptions& o) {
  f("keep", o.keep, "how many features", {.min = 1});
}

void describe(config::Fields& f, MrmrOptions& o) {
  f("keep", o.keep, "how many features", {.min = 1});
}

void describe(config::Fields& f, ElasticNetSelectOptions& o) {
  f("l1_ratio", o.l1_ratio, "1 = lasso; what is near 0 keeps most features", {.min = 0, .max = 1});
  f("lambda", o.lambda, chosen_lambda, {.min = 0});
  f("folds", o.folds, inner_folds_help, {.min = 2});
  f("keep", o.keep, "at most so many, of largest weight; 0 = all that have one", {.min = 0});
  f.check(o.l1_ratio > 0, "l1_ratio", "must be positive: a ridge gives every feature a weight");
}

}  // namespace photo51::learners
