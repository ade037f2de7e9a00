#include "data/study.hpp"

#include "photo51/core/error.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::data {

Study read_study(const Cohort::Impl& cohort, size_t input, size_t row, imaging::Modality modality) {
  const auto& options = cohort.inputs[input].second;
  const auto& files = cohort.files[input][row];
  Study study;
  for (size_t i = 0; i < files.channels.size(); ++i) {
    study.present.push_back(!files.channels[i].empty());
    study.channels.emplace_back();
    if (study.present.back())
      study.channels.back() = core::with_context("channel " + options.channels[i], [&] {
        return imaging::read_volume(files.channels[i], {.modality = modality, .series = ""});
      });
  }
  if (!files.mask.empty())
    study.mask = core::with_context("mask " + options.mask, [&] {
      return imaging::read_volume(files.mask, {.modality = imaging::Modality::segmentation, .series = ""});
    });
  return study;
}

}  // namespace photo51::data
