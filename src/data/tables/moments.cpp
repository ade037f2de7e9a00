#include "data/tables/moments.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"

namespace photo51::data {

Moments moments(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  int64_t count = 0;
  for (const double value : values)
    if (!std::isnan(value)) {
      sum += value;
      ++count;
    }
  if (count == 0) return {0, 0, 0};
  const double mean = sum / static_cast<double>(count);
  for (const double value : values)
    if (!std::isnan(value)) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / static_cast<double>(count)), count};
}

void fail_without_counts() {
  core::fail_usage(
      "was read from a model's file, which does not keep how many cases stand behind it; merge what `fit` "
      "made, "
      "before it is saved");
}

Moments merge(const Moments& a, const Moments& b) {
  if (!a.count || !b.count) fail_without_counts();
  const int64_t count = *a.count + *b.count;
  if (count == 0) return a;
  const auto n = static_cast<double>(count), in_a = static_cast<double>(*a.count) / n,
             in_b = static_cast<double>(*b.count) / n;
  const double apart = b.mean - a.mean;
  const double variance =
      in_a * a.deviation * a.deviation + in_b * b.deviation * b.deviation + in_a * in_b * apart * apart;
  return {in_a * a.mean + in_b * b.mean, std::sqrt(variance), count};
}

std::vector<Moments> moments_from(const core::Learned& fitted, size_t count) {
  const auto means = fitted.at("mean").numbers(count), deviations = fitted.at("deviation").numbers(count, 0);
  std::vector<Moments> learned;
  for (size_t i = 0; i < count; ++i) learned.push_back({means[i], deviations[i], {}});
  return learned;
}

void add_to(nlohmann::json& json, const std::vector<Moments>& learned) {
  auto mean = nlohmann::json::array(), deviation = nlohmann::json::array();
  for (const Moments& one : learned) {
    mean.push_back(one.mean);
    deviation.push_back(one.deviation);
  }
  json["mean"] = std::move(mean);
  json["deviation"] = std::move(deviation);
}

float z_score(double value, const Moments& moments, double clip) {
  // A spread of rounding errors only is none.
  if (std::isnan(value) || moments.deviation <= 1e-12 * std::max(1.0, std::abs(moments.mean))) return 0;
  const double z = (value - moments.mean) / moments.deviation;
  return static_cast<float>(clip > 0 ? std::clamp(z, -clip, clip) : z);
}

}  // namespace photo51::data
