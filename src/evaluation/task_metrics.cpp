#include "photo51/evaluation/task_metrics.hpp"

#include <algorithm>
#include <cmath>

#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/task/task_table.hpp"
#include "photo51/evaluation/classification.hpp"
#include "photo51/evaluation/expression.hpp"
#include "photo51/evaluation/regression.hpp"
#include "photo51/evaluation/survival.hpp"

namespace photo51::evaluation {
namespace {

using Labels = std::vector<const data::Case::Label*>;

double at_half(const ScoredPredictions& s) {
  std::vector<int> predicted(s.predicted.size());
  for (size_t i = 0; i < predicted.size(); ++i) predicted[i] = s.predicted[i] >= 0.5;
  return balanced_accuracy(predicted, s.label);
}

int64_t width(const ScoredPredictions& s) {
  return static_cast<int64_t>(s.classes.size());
}

std::string patients(const ScoredPredictions& scored) {
  return std::to_string(scored.size()) + " labelled patients";
}

std::vector<double> values_of(const Labels& known) {
  std::vector<double> values;
  for (const auto* label : known) values.push_back(label->value);
  return values;
}

bool has_two_classes(const Labels& known) {
  return std::any_of(known.begin(), known.end(),
                     [&](const auto* label) { return label->value != known.front()->value; });
}

std::string one_class(const ScoredPredictions& scored) {
  const auto& labels = scored.label;
  if (std::any_of(labels.begin(), labels.end(), [&](int label) { return label != labels.front(); }))
    return "";
  const auto only = static_cast<size_t>(labels.front());
  return "the " + patients(scored) + " are all of one class (`" +
         (only < scored.classes.size() ? scored.classes[only] : std::to_string(only)) +
         "`); scoring needs two, check column `" + scored.spec.column + "`";
}

std::string no_spread(const ScoredPredictions& scored) {
  return std::isnan(r_squared(scored.predicted, scored.value))
             ? "the " + patients(scored) + " all have one value in column `" + scored.spec.column + "`"
             : "";
}

std::string no_order(const ScoredPredictions& scored) {
  if (std::none_of(scored.event.begin(), scored.event.end(), [](char event) { return event != 0; }))
    return "all " + patients(scored) + " are censored; a concordance needs observed events, check column `" +
           scored.spec.event_column + "`";
  return std::isnan(c_index(scored.value, scored.event, scored.predicted))
             ? "no event among the " + patients(scored) +
                   " precedes another patient's time, so survival cannot be ranked"
             : "";
}

bool can_be_ordered(const Labels& known) {
  const auto times = values_of(known);
  std::vector<double> risks;
  Events events;
  for (const auto* label : known) {
    risks.push_back(-label->value);
    events.push_back(static_cast<char>(label->event));
  }
  return !std::isnan(c_index(times, events, risks));
}

TaskMetrics binary() {
  return {.task = "binary",
          .statistics =
              {{"auroc", [](const ScoredPredictions& s) { return auroc(s.predicted, s.label); }},
               {"auprc", [](const ScoredPredictions& s) { return auprc(s.predicted, s.label); }},
               {"balanced_accuracy", at_half},
               {"sensitivity", [](const ScoredPredictions& s) { return sensitivity(s.predicted, s.label); }},
               {"specificity", [](const ScoredPredictions& s) { return specificity(s.predicted, s.label); }},
               {"brier", [](const ScoredPredictions& s) { return brier(s.predicted, s.label); }},
               {"ece",
                [](const ScoredPredictions& s) { return expected_calibration_error(s.predicted, s.label); }},
               {"log_loss", [](const ScoredPredictions& s) { return log_loss(s.predicted, s.label); }}},
          .headline = "auroc",
          .is_defined = has_two_classes,
          .obstacle = one_class};
}

TaskMetrics multiclass() {
  return {
      .task = "multiclass",
      .statistics = {{"auroc",
                      [](const ScoredPredictions& s) { return macro_auroc(s.predicted, s.label, width(s)); }},
                     {"balanced_accuracy",
                      [](const ScoredPredictions& s) {
                        return balanced_accuracy(argmax(s.predicted, width(s)), s.label);
                      }},
                     {"accuracy",
                      [](const ScoredPredictions& s) {
                        return accuracy(argmax(s.predicted, width(s)), s.label);
                      }}},
      .headline = "auroc",
      .is_defined = has_two_classes,
      .obstacle = one_class};
}

TaskMetrics regression() {
  return {
      .task = "regression",
      .statistics =
          {{"mae", [](const ScoredPredictions& s) { return mean_absolute_error(s.predicted, s.value); }},
           {"rmse", [](const ScoredPredictions& s) { return root_mean_squared_error(s.predicted, s.value); }},
           {"r2", [](const ScoredPredictions& s) { return r_squared(s.predicted, s.value); }},
           {"pearson", [](const ScoredPredictions& s) { return pearson(s.predicted, s.value); }},
           {"spearman", [](const ScoredPredictions& s) { return spearman(s.predicted, s.value); }}},
      .headline = "r2",
      .chance = 0,
      .is_defined =
          [](const Labels& known) {
            const auto values = values_of(known);
            return !std::isnan(r_squared(values, values));
          },
      .obstacle = no_spread};
}

TaskMetrics survival() {
  return {.task = "survival",
          .statistics = {{"c_index",
                          [](const ScoredPredictions& s) { return c_index(s.value, s.event, s.predicted); }}},
          .headline = "c_index",
          .is_defined = can_be_ordered,
          .obstacle = no_order};
}

TaskMetrics expression() {
  return {
      .task = "expression",
      .statistics = {{"pearson_median", [](const ScoredPredictions& s) { return median(gene_pearson(s)); }},
                     {"pearson_mean",
                      [](const ScoredPredictions& s) {
                        return mean_of_best(gene_pearson(s), s.classes.size());
                      }},
                     {"pearson_best50",
                      [](const ScoredPredictions& s) { return mean_of_best(gene_pearson(s), 50); }}},
      .headline = "pearson_median",
      .chance = 0,
      .obstacle =
          [](const ScoredPredictions& s) {
            return s.size() < 3 ? "there are " + patients(s) + "; a correlation needs three" : std::string();
          },
      .by_output = "pearson",
      .of_outputs = gene_pearson};
}

using MapNumber = double MapScore::*;

/// Of one class, the mean over cases of what is defined and finite.
double map_mean(const ScoredPredictions& s, size_t of_class, MapNumber number) {
  double sum = 0;
  int64_t count = 0;
  for (const auto& scores : s.maps) {
    const double value = scores.at(of_class).*number;
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : undefined;
}

/// Cases of which some class has such a number.
int64_t cases_with(const ScoredPredictions& s, MapNumber number) {
  return std::ranges::count_if(s.maps, [&](const auto& scores) {
    return std::ranges::any_of(scores, [&](const auto& one) { return std::isfinite(one.*number); });
  });
}

template <MapNumber number>
double mean_of_classes(const ScoredPredictions& s) {
  double sum = 0;
  int64_t count = 0;
  for (size_t k = 0; k < s.classes.size(); ++k) {
    const double value = map_mean(s, k, number);
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : undefined;
}

std::vector<Statistic> map_statistics_of_classes(const data::TaskSpec& spec) {
  std::vector<Statistic> statistics;
  for (const auto& [name, number] : {std::pair<const char*, MapNumber>{"dice", &MapScore::dice},
                                     {"hd95", &MapScore::hd95},
                                     {"nsd", &MapScore::nsd}})
    for (size_t k = 0; k < spec.classes.size(); ++k)
      statistics.push_back(
          {std::string(name) + ":" + spec.classes[k],
           [k, number = number](const ScoredPredictions& s) { return map_mean(s, k, number); },
           [k, number = number](const ScoredPredictions& s) {
             return std::ranges::count_if(
                 s.maps, [&](const auto& scores) { return std::isfinite(scores.at(k).*number); });
           }});
  return statistics;
}

TaskMetrics segmentation() {
  return {.task = "segmentation",
          .statistics = {{"dice", mean_of_classes<&MapScore::dice>,
                          [](const ScoredPredictions& s) { return cases_with(s, &MapScore::dice); }},
                         {"hd95", mean_of_classes<&MapScore::hd95>,
                          [](const ScoredPredictions& s) { return cases_with(s, &MapScore::hd95); }},
                         {"nsd", mean_of_classes<&MapScore::nsd>,
                          [](const ScoredPredictions& s) { return cases_with(s, &MapScore::nsd); }}},
          .of_classes = map_statistics_of_classes,
          .headline = "dice",
          .chance = 0,
          .obstacle = [](const ScoredPredictions& s) {
            return std::isnan(mean_of_classes<&MapScore::dice>(s))
                       ? "no class is in any of the masks or maps of " + patients(s)
                       : std::string();
          }};
}

data::TaskTable<TaskMetrics>& table() {
  static data::TaskTable<TaskMetrics> rows{
      "metrics",
      "evaluation::add_metrics",
      {binary(), multiclass(), regression(), survival(), expression(), segmentation()}};
  return rows;
}

const Statistic* find_headline(const TaskMetrics& row) {
  const auto found = std::find_if(row.statistics.begin(), row.statistics.end(),
                                  [&](const auto& one) { return one.name == row.headline && one.of; });
  return found == row.statistics.end() ? nullptr : &*found;
}

}  // namespace

void add_metrics(TaskMetrics row) {
  const bool complete = row.obstacle != nullptr && find_headline(row) != nullptr;
  table().add(std::move(row), complete);
}

const TaskMetrics& metrics_of(const std::string& task) {
  return table().at(task);
}

void require_metrics(const std::vector<data::TaskSpec>& heads) {
  for (const auto& head : heads)
    core::with_context("model.heads." + head.head, [&] { metrics_of(head.task); });
}

double headline(const ScoredPredictions& scored) {
  return find_headline(metrics_of(scored.spec.task))->of(scored);
}

}  // namespace photo51::evaluation
