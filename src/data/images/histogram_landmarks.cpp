#include "data/images/histogram_landmarks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/images/prepared_image.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/preprocess/intensity/histogram.hpp"

namespace photo51::data {
namespace {

bool learns(const Cohort::Impl& cohort, size_t input) {
  return cohort.inputs[input].second.preprocess.normalize.method == "histogram";
}

/// One image's own landmarks by channel; remembered by the cohort, for the other folds.
Landmarks own_landmarks(const Cohort::Impl& cohort, size_t input, size_t row) {
  {
    const std::scoped_lock lock(cohort.mutex);
    if (const auto known = cohort.landmarks.find({input, row}); known != cohort.landmarks.end())
      return known->second;
  }
  auto found = prepare_image(cohort, input, row, 0)->prepared.landmarks;
  const std::scoped_lock lock(cohort.mutex);
  return cohort.landmarks.emplace(std::pair{input, row}, std::move(found)).first->second;
}

}  // namespace

nlohmann::json fit_image(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  if (!learns(cohort, input)) return nullptr;
  const auto& channels = cohort.inputs[input].second.channels;
  std::vector<Landmarks> images(train.size());
  core::Progress progress("histograms of " + cohort.inputs[input].first, static_cast<int64_t>(train.size()),
                          core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(train.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      if (!cohort.has_input(input, train[at])) continue;
      try {
        images[at] = core::with_context("case " + cohort.ids[train[at]],
                                        [&] { return own_landmarks(cohort, input, train[at]); });
      } catch (const core::Error& error) {
        // else the loader reports and counts it
        if (cohort.options.on_bad_case != "skip" || error.fault() != core::Fault::data) throw;
        core::log_debug(error.what());
      }
      progress.advance();
    }
  });
  Landmarks learned;
  for (size_t c = 0; c < channels.size(); ++c) {
    Landmarks of_channel;
    for (const auto& image : images)
      if (!image.empty()) of_channel.push_back(image.at(c));
    learned.push_back(
        core::with_context("channel " + channels[c], [&] { return preprocess::mean_landmarks(of_channel); }));
  }
  return {{"landmarks", learned}};
}

Landmarks landmarks_of(const Cohort::Impl& cohort, size_t input, const nlohmann::json& fitted) {
  if (!learns(cohort, input)) return {};
  const auto& [name, options] = cohort.inputs[input];
  const auto told = fitted_input(fitted, name).at("landmarks");
  if (told.size() != options.channels.size())
    told.fail("is of " + std::to_string(told.size()) + " channels and the input has " +
              std::to_string(options.channels.size()));
  Landmarks landmarks;
  for (size_t channel = 0; channel < told.size(); ++channel) {
    landmarks.push_back(told.at(channel).numbers(preprocess::histogram_landmarks, 0, 1));
    if (!std::is_sorted(landmarks.back().begin(), landmarks.back().end()))
      told.at(channel).fail("does not ascend");
  }
  return landmarks;
}

at::Tensor with_landmarks(const at::Tensor& values, const Landmarks& landmarks) {
  if (landmarks.empty()) return values;
  at::Tensor result = values.clone();
  for (size_t c = 0; c < landmarks.size(); ++c) {
    auto channel = result.select(0, static_cast<int64_t>(c));
    preprocess::from_landmark_scale(channel, landmarks[c]);
  }
  return result;
}

}  // namespace photo51::data
