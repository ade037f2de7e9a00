#include "report/format_text.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/task_metrics.hpp"
#include "photo51/run/layout.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {

std::string hundredths(double value) {
  return core::format_fixed(100 * value, 0);
}

std::string signed_words(double value) {
  return (value < 0 ? "−" : "") + core::format_fixed(std::abs(value), 2);
}

std::string range_words(double low, double high) {
  return signed_words(low) + (low < 0 ? " to " : "–") + signed_words(high);
}

std::string with_interval(double value, double low, double high) {
  auto text = signed_words(value);
  if (!(low < high)) return text;  // none, or a single model without spread
  return text + " (" + range_words(low, high) + ")";
}

std::string p_words(double p) {
  if (std::isnan(p)) return "p undefined";
  if (p < 0.001) return "p < 0.001";
  return "p = " + core::format_fixed(p, p < 0.095 ? 3 : 2);
}

std::string share_words(int64_t part, int64_t whole) {
  auto text = std::to_string(part) + " of " + std::to_string(whole);
  if (whole > 0) text += " (" + hundredths(static_cast<double>(part) / static_cast<double>(whole)) + " %)";
  return text;
}

std::string class_words(const data::TaskSpec& spec, int label) {
  if (!spec.positive.empty()) {
    const std::string words = core::join(spec.positive, " or ");
    return label == 1 ? words : "not " + words;
  }
  return spec.head + (label == 1 ? " positive" : " negative");
}

TimeScale time_scale(const std::string& unit, double longest) {
  if (unit != "days") return {unit, 1};
  if (longest > 3 * 365.25) return {"years", 365.25};
  return {"months", 30.4375};
}

std::string development_words(std::string group) {
  std::replace(group.begin(), group.end(), '_', '-');
  return group;
}

std::string part_words(const std::string& part) {
  static const std::map<std::string, std::string> words{
      {run::part::test, "held-out test"}, {run::part::train, "training"}, {"", "in no part"}};
  const auto found = words.find(part);
  return found == words.end() ? part : found->second;
}

MetricWords metric_words(const std::string& metric) {
  static const std::string no_correlation = "no correlation (0)";
  static const std::map<std::string, MetricWords> words{
      {"auroc", {"AUROC", "ranking of positives above negatives; 0.5 is a guess, 1 is perfect"}},
      {"auprc", {"AUPRC", "average precision; a guess gets the share of positives"}},
      {"balanced_accuracy", {"Balanced accuracy", "mean share recognised over the classes"}},
      {"accuracy", {"Accuracy", "share recognised"}},
      {"sensitivity", {"Sensitivity", "share of positives found at probability 0.5"}},
      {"specificity", {"Specificity", "share of negatives recognised at probability 0.5"}},
      {"brier", {"Brier score", "squared error of the probability; 0 is perfect"}},
      {"ece", {"Calibration error", "mean distance of predicted from observed share; 0 is perfect"}},
      {"log_loss", {"Log loss", "punishes confident mistakes; 0 is perfect"}},
      {"c_index", {"C-index", "Harrell's concordance; 0.5 is a guess, 1 is perfect"}},
      {"mae", {"Mean absolute error", "in the label's unit"}},
      {"rmse", {"Root mean squared error", "in the label's unit"}},
      {"r2",
       {"R²", "share of the variation explained; 0 is no better than the mean",
        "always predicting the mean"}},
      {"pearson_median", {"Median correlation", "Pearson, over the genes", no_correlation}},
      {"pearson_mean", {"Mean correlation", "Pearson, over the genes", no_correlation}},
      {"pearson_best50",
       {"Best fifty", "mean Pearson correlation of the fifty best genes, chosen here", no_correlation}},
      {"pearson", {"Pearson correlation", "of predicted with true values", no_correlation}},
      {"spearman", {"Spearman correlation", "of their ranks", no_correlation}},
      {"dice", {"Dice", "twice the overlap over the sum of both masks; 1 is perfect", "no overlap (0)"}},
      {"hd95",
       {"HD95",
        "mm within which 95 % of each surface lies of the other, where both are there; 0 is perfect"}},
      {"nsd", {"NSD", "share of both surfaces within the tolerance of the other; 1 is perfect"}}};
  if (const size_t colon = metric.find(':'); colon != std::string::npos) {
    MetricWords of_class = metric_words(metric.substr(0, colon));
    of_class.name += ", " + metric.substr(colon + 1);
    return of_class;
  }
  if (const auto found = words.find(metric); found != words.end()) return found->second;
  for (const auto& wording : wordings())
    if (const auto found = wording.metrics.find(metric); found != wording.metrics.end()) return found->second;
  return {metric, ""};
}

Headline headline_of(const data::TaskSpec& spec) {
  const auto& metrics = evaluation::metrics_of(spec.task);
  return {metrics.headline, metrics.chance};
}

Verdict verdict_of(const evaluation::Metric& metric, const data::TaskSpec& spec, double level) {
  const double chance = headline_of(spec).chance;
  const TaskWording& wording = wording_of(spec.task);
  Verdict verdict;
  verdict.text = wording.claim(metric, spec);
  if (std::isnan(metric.low)) {
    verdict.grade = "none";
    verdict.short_text = "no interval";
    verdict.text += ". There is no interval, so nobody can say how far chance reaches.";
    return verdict;
  }
  verdict.text +=
      " (" + hundredths(level) + " % interval " + wording.interval(metric.low, metric.high) + "). ";
  std::string guess = metric_words(metric.metric).guess;
  if (guess.empty()) guess = "a guess (" + hundredths(chance) + ")";
  if (metric.low > chance) {
    verdict.grade = "good";
    verdict.short_text = "better than chance";
    verdict.text += "The whole interval is above " + guess + ".";
  } else if (metric.high < chance) {
    verdict.grade = "poor";
    verdict.short_text = "worse than chance";
    verdict.text += "The whole interval is below " + guess + ": the model misleads on these patients.";
  } else {
    verdict.grade = "doubt";
    verdict.short_text = "not shown to beat chance";
    verdict.text += "The interval includes " + guess + ": these patients do not show that the model works.";
  }
  return verdict;
}

}  // namespace photo51::report
