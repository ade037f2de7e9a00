#include "photo51/evaluation/classification.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "evaluation/undefined.hpp"

namespace photo51::evaluation {

namespace {

int64_t positives(std::span<const int> label) {
  return std::count(label.begin(), label.end(), 1);
}

std::vector<size_t> by_score(std::span<const double> score, bool descending) {
  std::vector<size_t> order(score.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return descending ? score[a] > score[b] : score[a] < score[b]; });
  return order;
}

/// Calls `visit(threshold, positives so far, negatives so far)` after each distinct score, highest first.
template <class Visit>
void sweep(std::span<const double> score, std::span<const int> label, Visit visit) {
  const auto order = by_score(score, true);
  int64_t above_positive = 0, above_negative = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    (label[order[i]] == 1 ? above_positive : above_negative) += 1;
    const bool last_of_equals = i + 1 == order.size() || score[order[i + 1]] != score[order[i]];
    if (last_of_equals) visit(score[order[i]], above_positive, above_negative);
  }
}

double ratio(int64_t part, int64_t whole) {
  return whole == 0 ? undefined : static_cast<double>(part) / static_cast<double>(whole);
}

CalibrationBin bin_of(std::span<const double> probability, std::span<const int> label,
                      std::span<const size_t> members, double low, double high) {
  CalibrationBin bin{low, high, 0, 0, static_cast<int64_t>(members.size())};
  for (const size_t i : members) {
    bin.predicted += probability[i];
    bin.observed += label[i];
  }
  bin.predicted /= static_cast<double>(members.size());
  bin.observed /= static_cast<double>(members.size());
  return bin;
}

}  // namespace

double auroc(std::span<const double> score, std::span<const int> label) {
  const auto total = static_cast<int64_t>(label.size());
  const int64_t positive = positives(label), negative = total - positive;
  if (positive == 0 || negative == 0) return undefined;
  // Twice the number of pairs won, in whole numbers: exact for any ties.
  int64_t twice = 0, seen_positive = 0, seen_negative = 0;
  sweep(score, label, [&](double, int64_t above_positive, int64_t above_negative) {
    const int64_t here_positive = above_positive - seen_positive;
    twice += here_positive * ((negative - above_negative) + (negative - seen_negative));
    seen_positive = above_positive;
    seen_negative = above_negative;
  });
  return static_cast<double>(twice) / (2.0 * static_cast<double>(positive) * static_cast<double>(negative));
}

double auprc(std::span<const double> score, std::span<const int> label) {
  const int64_t positive = positives(label);
  if (positive == 0 || positive == static_cast<int64_t>(label.size())) return undefined;
  double area = 0;
  int64_t seen = 0;
  sweep(score, label, [&](double, int64_t above_positive, int64_t above_negative) {
    area += ratio(above_positive - seen, positive) * ratio(above_positive, above_positive + above_negative);
    seen = above_positive;
  });
  return area;
}

double brier(std::span<const double> probability, std::span<const int> label) {
  if (label.empty()) return undefined;
  double sum = 0;
  for (size_t i = 0; i < label.size(); ++i) sum += std::pow(probability[i] - label[i], 2);
  return sum / static_cast<double>(label.size());
}

double log_loss(std::span<const double> probability, std::span<const int> label) {
  if (label.empty()) return undefined;
  constexpr double tiny = std::numeric_limits<double>::epsilon();
  double sum = 0;
  for (size_t i = 0; i < label.size(); ++i) {
    const double p = std::clamp(probability[i], tiny, 1 - tiny);
    sum -= label[i] == 1 ? std::log(p) : std::log1p(-p);
  }
  return sum / static_cast<double>(label.size());
}

double sensitivity(std::span<const double> score, std::span<const int> label, double threshold) {
  int64_t found = 0;
  for (size_t i = 0; i < label.size(); ++i) found += label[i] == 1 && score[i] >= threshold;
  return ratio(found, positives(label));
}

double specificity(std::span<const double> score, std::span<const int> label, double threshold) {
  int64_t found = 0;
  for (size_t i = 0; i < label.size(); ++i) found += label[i] != 1 && score[i] < threshold;
  return ratio(found, static_cast<int64_t>(label.size()) - positives(label));
}

std::vector<RocPoint> roc_curve(std::span<const double> score, std::span<const int> label) {
  const int64_t positive = positives(label), negative = static_cast<int64_t>(label.size()) - positive;
  if (positive == 0 || negative == 0) return {};
  std::vector<RocPoint> points{{std::numeric_limits<double>::infinity(), 0, 0}};
  sweep(score, label, [&](double threshold, int64_t above_positive, int64_t above_negative) {
    points.push_back({threshold, ratio(above_negative, negative), ratio(above_positive, positive)});
  });
  return points;
}

std::vector<CalibrationBin> calibration_bins(std::span<const double> probability, std::span<const int> label,
                                             int64_t bins, Binning binning) {
  std::vector<CalibrationBin> result;
  const auto order = by_score(probability, false);
  const size_t count = order.size();
  size_t begin = 0;
  for (int64_t b = 0; b < bins && begin < count; ++b) {
    size_t end = begin;
    double low = static_cast<double>(b) / static_cast<double>(bins);
    double high = static_cast<double>(b + 1) / static_cast<double>(bins);
    if (binning == Binning::width) {
      while (end < count && (probability[order[end]] < high || b + 1 == bins)) ++end;
    } else {
      end = std::max(begin, count * static_cast<size_t>(b + 1) / static_cast<size_t>(bins));
      while (end > begin && end < count && probability[order[end]] == probability[order[end - 1]]) ++end;
      if (end > begin) {
        low = probability[order[begin]];
        high = probability[order[end - 1]];
      }
    }
    if (end > begin)
      result.push_back(bin_of(probability, label, std::span(order).subspan(begin, end - begin), low, high));
    begin = end;
  }
  return result;
}

double expected_calibration_error(std::span<const double> probability, std::span<const int> label,
                                  int64_t bins) {
  if (label.empty()) return undefined;
  double sum = 0;
  for (const auto& bin : calibration_bins(probability, label, bins, Binning::width))
    sum += static_cast<double>(bin.count) * std::abs(bin.observed - bin.predicted);
  return sum / static_cast<double>(label.size());
}

double balanced_accuracy(std::span<const int> predicted, std::span<const int> label) {
  std::map<int, std::pair<int64_t, int64_t>> found;  // class -> right, all
  for (size_t i = 0; i < label.size(); ++i) {
    auto& [right, all] = found[label[i]];
    right += predicted[i] == label[i];
    all += 1;
  }
  if (found.size() < 2) return undefined;
  double sum = 0;
  for (const auto& [name, counts] : found) sum += ratio(counts.first, counts.second);
  return sum / static_cast<double>(found.size());
}

double accuracy(std::span<const int> predicted, std::span<const int> label) {
  int64_t right = 0;
  for (size_t i = 0; i < label.size(); ++i) right += predicted[i] == label[i];
  return ratio(right, static_cast<int64_t>(label.size()));
}

std::vector<int> argmax(std::span<const double> probability, int64_t classes) {
  std::vector<int> result;
  const auto width = static_cast<size_t>(classes);
  for (size_t row = 0; row + width <= probability.size(); row += width) {
    const auto values = probability.subspan(row, width);
    result.push_back(static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin()));
  }
  return result;
}

double macro_auroc(std::span<const double> probability, std::span<const int> label, int64_t classes) {
  double sum = 0;
  int64_t present = 0;
  std::vector<double> score(label.size());
  std::vector<int> is_class(label.size());
  for (int64_t c = 0; c < classes; ++c) {
    for (size_t i = 0; i < label.size(); ++i) {
      score[i] = probability[i * static_cast<size_t>(classes) + static_cast<size_t>(c)];
      is_class[i] = label[i] == c;
    }
    if (positives(is_class) == 0) continue;
    sum += auroc(score, is_class);  // NaN, and so the whole, when this class is the only one
    ++present;
  }
  return present == 0 ? undefined : sum / static_cast<double>(present);
}

Proportion wilson_interval(double fraction, int64_t count, double z) {
  if (count <= 0) return {};
  const auto n = static_cast<double>(count);
  const double scale = 1 + z * z / n;
  const double centre = fraction + z * z / (2 * n);
  const double half = z * std::sqrt(fraction * (1 - fraction) / n + z * z / (4 * n * n));
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

}  // namespace photo51::evaluation
