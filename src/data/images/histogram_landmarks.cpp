#include "data/images/histogram_landmarks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/images/prepared_image.hpp"
#include "data/modality/image.hpp"
#include "data/tables/moments.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/preprocess/intensity/histogram.hpp"

namespace photo51::data {
namespace {

bool learns(const config::Choice& input) {
  return modality_of(input).image->options(input).preprocess.normalize.method ==
         preprocess::NormalizeMethod::histogram;
}

/// One image's own landmarks by channel; remembered by the cohort, for the other folds.
Landmarks own_landmarks(const Cohort::Impl& cohort, size_t input, size_t row) {
  return cohort.stores.landmarks(input, row,
                                 [&] { return prepare_image(cohort, input, row, 0)->prepared.landmarks; });
}

}  // namespace

nlohmann::json FittedLandmarks::to_json() const {
  return {{"landmarks", landmarks}};
}

std::shared_ptr<const FittedInput> FittedLandmarks::merged(const FittedInput& other) const {
  const auto& more = other_state<FittedLandmarks>(other);
  if (!counts || !more.counts) fail_without_counts();
  if (more.landmarks.size() != landmarks.size())
    core::fail_usage("the parts have different channels; fit both with one config");
  auto both = std::make_shared<FittedLandmarks>(*this);
  for (size_t c = 0; c < landmarks.size(); ++c) {
    const auto mine = static_cast<double>((*counts)[c]), theirs = static_cast<double>((*more.counts)[c]);
    for (size_t k = 0; k < landmarks[c].size(); ++k)
      both->landmarks[c][k] = (mine * landmarks[c][k] + theirs * more.landmarks[c][k]) / (mine + theirs);
    (*both->counts)[c] += (*more.counts)[c];
  }
  return both;
}

Fitted fit_image(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  if (!learns(cohort.choice(input))) return nullptr;
  const auto& channels = cohort.names[input].channels;
  std::vector<Landmarks> images(train.size());
  core::Progress progress("histograms of " + cohort.name(input), static_cast<int64_t>(train.size()),
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
        if (cohort.options.on_bad_case != BadCase::skip || error.fault() != core::Fault::data) throw;
        core::log_debug(error.what());
      }
      progress.advance();
    }
  });
  auto learned = std::make_shared<FittedLandmarks>();
  learned->counts.emplace();
  for (size_t c = 0; c < channels.size(); ++c) {
    Landmarks of_channel;
    for (const auto& image : images)
      if (!image.empty()) of_channel.push_back(image.at(c));
    learned->landmarks.push_back(
        core::with_context("channel " + channels[c], [&] { return preprocess::mean_landmarks(of_channel); }));
    learned->counts->push_back(std::count_if(of_channel.begin(), of_channel.end(),
                                             [](const auto& landmarks) { return !landmarks.empty(); }));
  }
  return learned;
}

Fitted fitted_image(const core::Learned& learned, const config::Choice& input) {
  if (!learns(input)) return nullptr;
  const auto told = learned.at("landmarks");
  const size_t channels = modality_of(input).image->options(input).channels.size();
  if (told.size() != channels)
    told.fail("is of " + std::to_string(told.size()) + " channels and the input has " +
              std::to_string(channels));
  auto fitted = std::make_shared<FittedLandmarks>();
  for (size_t channel = 0; channel < told.size(); ++channel) {
    fitted->landmarks.push_back(told.at(channel).numbers(preprocess::histogram_landmarks, 0, 1));
    if (!std::is_sorted(fitted->landmarks.back().begin(), fitted->landmarks.back().end()))
      told.at(channel).fail("does not ascend");
  }
  return fitted;
}

Landmarks landmarks_of(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted) {
  if (!learns(cohort.choice(input))) return {};
  return state_of<FittedLandmarks>(fitted, cohort.name(input)).landmarks;
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
