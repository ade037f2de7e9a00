#include "data/split/label_leakage.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

using Values = std::vector<double>;

double log_factorial(double n) {
  return std::lgamma(n + 1);
}

/// The cases in which both are known, by value of the feature and then of the label.
std::vector<std::pair<double, double>> pairs_of(std::span<const double> feature,
                                                std::span<const double> label) {
  std::vector<std::pair<double, double>> pairs;
  for (size_t i = 0; i < feature.size(); ++i)
    if (!std::isnan(feature[i]) && !std::isnan(label[i])) pairs.emplace_back(feature[i], label[i]);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

/// Counts of each value, of each label, and of both.
struct Counts {
  std::map<double, double> feature, label;
  std::map<std::pair<double, double>, double> both;
};

Counts counts_of(const std::vector<std::pair<double, double>>& pairs) {
  Counts counts;
  for (const auto& [x, y] : pairs) {
    ++counts.feature[x];
    ++counts.label[y];
    ++counts.both[{x, y}];
  }
  return counts;
}

/// Of this table among all with its margins (hypergeometric), each order of the cases being as likely.
double log_probability(const Counts& counts, double n) {
  double log = -log_factorial(n);
  for (const auto& [value, count] : counts.feature) log += log_factorial(count);
  for (const auto& [value, count] : counts.label) log += log_factorial(count);
  for (const auto& [value, count] : counts.both) log -= log_factorial(count);
  return log;
}

bool is_exact(const Counts& counts) {
  return counts.both.size() == counts.feature.size() && counts.both.size() == counts.label.size();
}

/// Whether no two cases stand in opposite orders; `pairs` are sorted.
bool is_ordered(const std::vector<std::pair<double, double>>& pairs, bool rising) {
  double before = rising ? -INFINITY : INFINITY;  // the extreme label of all smaller values
  for (size_t begin = 0; begin < pairs.size();) {
    size_t end = begin;
    while (end < pairs.size() && pairs[end].first == pairs[begin].first) ++end;
    const double low = pairs[begin].second, high = pairs[end - 1].second;
    if (rising ? low < before : high > before) return false;
    before = rising ? std::max(before, high) : std::min(before, low);
    begin = end;
  }
  return true;
}

/// One side of a head's labels, by row; NaN = unknown.
struct Target {
  std::string what;         ///< "the label of head idh"
  bool classes = false;     ///< a class or an event; else a number
  bool categories = false;  ///< classes in no order
  Values values;
};

std::vector<Target> targets_of(const Cohort& cohort, const TaskSpec& spec) {
  std::vector<Target> targets;
  for (const auto& side : task_of(spec).sides) {
    Target target{side.what + " of head " + spec.head, side.classes, side.categories, {}};
    for (int64_t row = 0; row < cohort.size(); ++row) {
      const auto& label = cohort.label(row, spec.head);
      target.values.push_back(label.known ? side.value(label) : NAN);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

bool sees(const TaskSpec& spec, const std::string& input) {
  return spec.inputs.empty() || std::find(spec.inputs.begin(), spec.inputs.end(), input) != spec.inputs.end();
}

class Check {
 public:
  explicit Check(const Cohort& cohort) : impl_(cohort.impl()) {
    for (const auto& spec : impl_.labels) targets_.push_back({&spec, targets_of(cohort, spec)});
  }

  void run() {
    for (size_t input = 0; input < impl_.inputs.size(); ++input) {
      const auto& numbers = impl_.modality(input).numbers;
      if (numbers && numbers->each_feature != nullptr)
        numbers->each_feature(
            impl_, input, [&](const FeatureValues& feature, size_t count) { look(input, feature, count); });
      tell_ordered(input);
    }
  }

 private:
  void look(size_t input, const FeatureValues& feature, size_t features) {
    for (const auto& [spec, targets] : targets_) {
      if (!sees(*spec, impl_.inputs[input].first)) continue;
      for (const auto& target : targets) {
        const bool categories = feature.categories || target.categories;
        const Likeness likeness = categories ? category_likeness(feature.values, target.values)
                                             : ordered_likeness(feature.values, target.values);
        const double chance = likeness.log_chance + std::log(static_cast<double>(features));
        if (likeness.copy == Copy::none || chance > std::log(1e-3)) continue;
        // A number in the order of another may be its cause; a class in other words is the class.
        if (likeness.copy == Copy::exact && target.classes)
          core::fail_data("leakage: input " + impl_.inputs[input].first + ": " + feature.named + " tells " +
                          target.what +
                          " without exception, so it is a copy of it in other words; a new patient's is not "
                          "known. Leave it out of the input");
        ordered_[target.what].push_back(feature.named);
      }
    }
  }

  void tell_ordered(size_t input) {
    constexpr size_t most = 5;
    for (auto& [what, names] : ordered_) {
      const size_t count = names.size();
      names.resize(std::min(count, most));
      const std::string text = core::join(names, ", ") +
                               (count > most ? " and " + std::to_string(count - most) + " more" : "") +
                               ": each puts " + what +
                               " in order without exception; make sure that it is known before the outcome, "
                               "and made without it";
      core::log_warning("leakage? input " + impl_.inputs[input].first + ": " + text);
      impl_.warnings->recall({{"", impl_.inputs[input].first, "", "leakage? " + text}});
    }
    ordered_.clear();
  }

  const Cohort::Impl& impl_;
  std::vector<std::pair<const TaskSpec*, std::vector<Target>>> targets_;
  std::map<std::string, std::vector<std::string>> ordered_;  ///< features by what they put in order
};

}  // namespace

namespace {

/// Most features are in no order with a label, and a few cases tell.
bool quickly_unordered(std::span<const double> feature, std::span<const double> label) {
  bool rises = false, falls = false;
  std::optional<size_t> before;
  for (size_t i = 0; i < feature.size() && !(rises && falls); ++i) {
    if (std::isnan(feature[i]) || std::isnan(label[i])) continue;
    if (before) {
      const double turn = (feature[i] - feature[*before]) * (label[i] - label[*before]);
      rises = rises || turn > 0;
      falls = falls || turn < 0;
    }
    before = i;
  }
  return rises && falls;
}

/// Whether each value of one has one value of the other; ends at the first that has two.
bool is_one_to_one(std::span<const double> feature, std::span<const double> label) {
  std::map<double, double> label_of, feature_of;
  for (size_t i = 0; i < feature.size(); ++i) {
    if (std::isnan(feature[i]) || std::isnan(label[i])) continue;
    if (label_of.emplace(feature[i], label[i]).first->second != label[i]) return false;
    if (feature_of.emplace(label[i], feature[i]).first->second != feature[i]) return false;
  }
  return label_of.size() > 1;
}

}  // namespace

Likeness ordered_likeness(std::span<const double> feature, std::span<const double> label) {
  if (quickly_unordered(feature, label)) return {};
  const auto pairs = pairs_of(feature, label);
  if (pairs.size() < 2 || pairs.front().first == pairs.back().first) return {};
  if (!is_ordered(pairs, true) && !is_ordered(pairs, false)) return {};
  const Counts counts = counts_of(pairs);
  if (counts.label.size() < 2) return {};
  return {is_exact(counts) ? Copy::exact : Copy::ordered,
          std::log(2) + log_probability(counts, static_cast<double>(pairs.size()))};
}

Likeness category_likeness(std::span<const double> feature, std::span<const double> label) {
  if (!is_one_to_one(feature, label)) return {};
  const auto pairs = pairs_of(feature, label);
  const Counts counts = counts_of(pairs);
  return {Copy::exact, log_factorial(static_cast<double>(counts.label.size())) +
                           log_probability(counts, static_cast<double>(pairs.size()))};
}

void check_label_leakage(const Cohort& cohort) {
  Check(cohort).run();
}

}  // namespace photo51::data
