#include "photo51/evaluation/froc.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "evaluation/undefined.hpp"
#include "photo51/core/error.hpp"

namespace photo51::evaluation {
namespace {

/// What changes at a score, towards lower ones.
struct Change {
  double score = 0;
  int64_t found = 0, false_positives = 0;
};

/// The changes that one image brings.
std::vector<Change> changes_of(const FrocImage& image) {
  std::vector<Change> changes;
  std::vector<double> best(static_cast<size_t>(std::max<int64_t>(0, image.lesions)),
                           -std::numeric_limits<double>::infinity());
  std::vector<bool> hit(best.size(), false);
  for (const Candidate& candidate : image.candidates) {
    if (std::isnan(candidate.score)) core::fail_usage("FROC: the score of a candidate is not a number");
    for (const int64_t lesion : candidate.hits) {
      if (lesion < 0 || lesion >= image.lesions)
        core::fail_usage("FROC: a candidate hits lesion " + std::to_string(lesion) +
                         " of an image that has " + std::to_string(image.lesions));
      if (candidate.ignored) continue;
      const auto place = static_cast<size_t>(lesion);
      best[place] = std::max(best[place], candidate.score);
      hit[place] = true;
    }
    if (candidate.hits.empty() && !candidate.ignored) changes.push_back({candidate.score, 0, 1});
  }
  for (size_t lesion = 0; lesion < best.size(); ++lesion)
    if (hit[lesion]) changes.push_back({best[lesion], 1, 0});
  return changes;
}

std::vector<FrocPoint> curve_of(std::vector<Change> changes, int64_t images, int64_t lesions) {
  if (images == 0 || lesions == 0) return {};
  std::ranges::sort(changes, std::greater<>(), &Change::score);
  std::vector<FrocPoint> curve{{std::numeric_limits<double>::infinity(), 0, 0}};
  int64_t found = 0, false_positives = 0;
  for (size_t i = 0; i < changes.size(); ++i) {
    found += changes[i].found;
    false_positives += changes[i].false_positives;
    if (i + 1 < changes.size() && changes[i + 1].score == changes[i].score) continue;
    curve.push_back({changes[i].score, static_cast<double>(false_positives) / static_cast<double>(images),
                     static_cast<double>(found) / static_cast<double>(lesions)});
  }
  return curve;
}

FrocEstimate estimate(std::span<const FrocImage> images, const BootstrapOptions& options,
                      const std::function<double(std::span<const FrocPoint>)>& statistic) {
  std::vector<std::vector<Change>> changes;
  for (const FrocImage& image : images) changes.push_back(changes_of(image));
  const auto of_images = [&](std::span<const int64_t> chosen) {
    std::vector<Change> all;
    int64_t lesions = 0;
    for (const int64_t image : chosen) {
      const auto& more = changes[static_cast<size_t>(image)];
      all.insert(all.end(), more.begin(), more.end());
      lesions += images[static_cast<size_t>(image)].lesions;
    }
    return statistic(curve_of(std::move(all), static_cast<int64_t>(chosen.size()), lesions));
  };
  return {statistic(froc_curve(images)),
          bootstrap(static_cast<int64_t>(images.size()), of_images, "froc", options)};
}

}  // namespace

std::vector<FrocPoint> froc_curve(std::span<const FrocImage> images) {
  std::vector<Change> all;
  int64_t lesions = 0;
  for (const FrocImage& image : images) {
    const std::vector<Change> more = changes_of(image);
    all.insert(all.end(), more.begin(), more.end());
    lesions += image.lesions;
  }
  return curve_of(std::move(all), static_cast<int64_t>(images.size()), lesions);
}

double sensitivity_at(std::span<const FrocPoint> curve, double false_positives) {
  if (curve.empty()) return undefined;
  const auto after = std::ranges::upper_bound(curve, false_positives, {}, &FrocPoint::false_positives);
  if (after == curve.begin()) return undefined;  // a negative or no number
  const FrocPoint& before = *std::prev(after);
  if (after == curve.end()) return before.sensitivity;
  const double part =
      (false_positives - before.false_positives) / (after->false_positives - before.false_positives);
  return before.sensitivity + part * (after->sensitivity - before.sensitivity);
}

std::vector<double> cpm_rates() {
  return {0.125, 0.25, 0.5, 1, 2, 4, 8};
}

double cpm(std::span<const FrocPoint> curve, std::span<const double> rates) {
  if (rates.empty()) return undefined;
  double sum = 0;
  for (const double rate : rates) sum += sensitivity_at(curve, rate);
  return sum / static_cast<double>(rates.size());
}

double cpm(std::span<const FrocPoint> curve) {
  return cpm(curve, cpm_rates());
}

FrocEstimate sensitivity_at(std::span<const FrocImage> images, double false_positives,
                            const BootstrapOptions& options) {
  return estimate(images, options,
                  [&](std::span<const FrocPoint> curve) { return sensitivity_at(curve, false_positives); });
}

FrocEstimate cpm(std::span<const FrocImage> images, const BootstrapOptions& options) {
  return estimate(images, options, [](std::span<const FrocPoint> curve) { return cpm(curve); });
}

}  // namespace photo51::evaluation
