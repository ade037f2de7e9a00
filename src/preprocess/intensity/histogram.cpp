#include "photo51/preprocess/intensity/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "photo51/core/error.hpp"
#include "preprocess/region.hpp"

namespace photo51::preprocess {
namespace {

constexpr size_t pieces = histogram_landmarks - 1;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> values_in(const Region& region) {
  std::vector<float> inside;
  for (int64_t i = 0; i < region.count; ++i)
    if (region.has(i)) inside.push_back(region.values[i]);
  return inside;
}

/// Linear between order statistics, as numpy's default; `percents` ascend.
std::vector<double> percentiles(std::vector<float>& values, const std::vector<double>& percents) {
  std::vector<double> found;
  auto from = values.begin();
  for (const double percent : percents) {
    const double place = percent / 100 * static_cast<double>(values.size() - 1);
    const auto below = values.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(from, below, values.end());
    from = below;
    const auto low = static_cast<double>(*below);
    const double fraction = place - std::floor(place);
    const auto next = fraction > 0 ? static_cast<double>(*std::min_element(below + 1, values.end())) : low;
    found.push_back(low + fraction * (next - low));
  }
  return found;
}

}  // namespace

std::vector<double> to_landmark_scale(at::Tensor& channel, const at::Tensor& mask,
                                      const NormalizeOptions& options,
                                      const std::optional<Intensities>& whole, Normalized* told) {
  float* values = channel.mutable_data_ptr<float>();
  const int64_t count = channel.numel();
  const Region region = region_of(channel, mask, options, whole);
  if (told != nullptr) {
    told->region = region.words;
    if (!region.warning.empty()) told->warnings.push_back(region.warning);
  }
  auto inside = values_in(region);
  if (region.mask != nullptr && inside.empty())
    core::fail_data("normalize region is mask, but the mask has no voxel in the prepared image");

  std::vector<double> percents{options.percentiles[0], 10, 20, 30, 40, 50, 60, 70, 80, 90,
                               options.percentiles[1]};
  auto landmarks = inside.empty() ? std::vector<double>() : percentiles(inside, percents);
  if (landmarks.empty() || !(landmarks.back() > landmarks.front())) {
    if (told != nullptr)
      told->warnings.push_back("holds no two values in " + region.words + ": all of it becomes 0");
    std::fill_n(values, count, nan);
    return {};
  }
  // A piece without width (a plateau of the histogram) is one place: its start.
  const double least = 1e-7 * (landmarks.back() - landmarks.front());
  std::array<float, histogram_landmarks> start{};
  std::array<float, pieces> steepness{};
  for (size_t k = 0; k < histogram_landmarks; ++k) start[k] = static_cast<float>(landmarks[k]);
  for (size_t k = 0; k < pieces; ++k) {
    const double width = landmarks[k + 1] - landmarks[k];
    steepness[k] = width > least ? static_cast<float>(1 / width) : 0.0F;
  }
  for (int64_t i = 0; i < count; ++i) {
    const float v = values[i];
    if (!region.lies(v)) {
      values[i] = nan;
      continue;
    }
    size_t k = 0;
    for (size_t inner = 1; inner < pieces; ++inner) k += v >= start[inner] ? 1 : 0;
    values[i] = static_cast<float>(k) + (v - start[k]) * steepness[k];
  }
  return landmarks;
}

std::vector<double> mean_landmarks(const std::vector<std::vector<double>>& images) {
  std::vector<double> mean(histogram_landmarks, 0.0);
  size_t count = 0;
  for (const auto& landmarks : images) {
    if (landmarks.empty()) continue;
    ++count;
    const double width = landmarks.back() - landmarks.front();
    for (size_t k = 0; k < histogram_landmarks; ++k) mean[k] += (landmarks[k] - landmarks.front()) / width;
  }
  if (count == 0)
    core::fail_data("no training image has voxels of different intensity to learn a histogram from");
  for (double& landmark : mean) landmark /= static_cast<double>(count);
  return mean;
}

void from_landmark_scale(at::Tensor& channel, const std::vector<double>& landmarks) {
  std::array<float, pieces> start{}, width{};
  for (size_t k = 0; k < pieces; ++k) {
    start[k] = static_cast<float>(landmarks.at(k));
    width[k] = static_cast<float>(landmarks.at(k + 1) - landmarks.at(k));
  }
  float* values = channel.mutable_data_ptr<float>();
  const int64_t count = channel.numel();
  for (int64_t i = 0; i < count; ++i) {
    const float v = values[i];
    const float whole = std::min(std::max(std::floor(v), 0.0F), static_cast<float>(pieces - 1));
    const auto k = std::isnan(v) ? size_t{0} : static_cast<size_t>(whole);
    values[i] = std::isnan(v) ? 0.0F : start[k] + (v - whole) * width[k];
  }
}

}  // namespace photo51::preprocess
