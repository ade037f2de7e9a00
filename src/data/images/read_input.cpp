#include "data/images/read_input.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/images/color_channels.hpp"
#include "data/images/geometry.hpp"
#include "data/images/image_file.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/preprocess/geometry/registration.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_file(InputVolumes& study, const ImageFile& file) {
  const std::string& channel = file.channel();
  const Modality& modality = file.cohort.modality(file.input);
  const FileModality& files = modality.files.value();
  const auto suffixes = files.planes(file.choice());
  std::vector<Volume> planes;
  if (!file.path().empty())
    planes = core::with_context("channel " + channel, [&] {
      Volume volume = files.read(file);
      require_place(volume, file.cohort.file_options(file.input), files.place(file.choice()));
      const bool bag = file.cohort.names[file.input].bag;
      take_warnings(study.warnings, volume, bag ? 0 : static_cast<int64_t>(file.instance.file));
      if (modality.image && contains(file.cohort.image_options(file.input).mirror, channel))
        volume.data = volume.data.flip({3});
      return planes_of(std::move(volume), files.color(file.choice()), suffixes);
    });
  for (size_t i = 0; i < suffixes.size(); ++i) {
    study.present.push_back(!planes.empty());
    study.names.push_back(channel + suffixes[i]);
    study.channels.emplace_back();
    if (!planes.empty()) study.channels.back() = std::move(planes[i]);
  }
}

bool is_dicom(const std::filesystem::path& named) {
  const auto place = split_series(named).first;
  std::error_code code;
  if (!std::filesystem::is_regular_file(place, code)) return false;
  const core::RegularFile file(place);
  std::string start(132, '\0');
  return file.read(start.data(), start.size()) == start.size() && start.ends_with("DICM");
}

/// The mask in the frame's world. One on the grid of a registered channel, as a structure set drawn on it
/// is, lies in that channel's world and is brought back.
Volume read_study_mask(const Cohort::Impl& cohort, size_t input, size_t row, const InputVolumes& study) {
  std::vector<const Volume*> images, registered;
  for (size_t i = 0; i < study.channels.size(); ++i)
    if (study.channels[i]) (study.registrations[i] ? registered : images).push_back(&*study.channels[i]);
  const Volume* frame = images.empty() ? nullptr : images.front();
  if (registered.empty()) return read_row_mask(cohort, input, row, images, frame);
  images.insert(images.end(), registered.begin(), registered.end());
  Volume mask = read_row_mask(cohort, input, row, images, nullptr);
  // Without a frame a label map may be of either world, and is taken to be of the frame's.
  const bool elsewhere =
      frame == nullptr ? is_dicom(cohort.files[input][row].mask) : !mask.geometry.matches(frame->geometry);
  for (size_t i = 0; i < study.channels.size() && elsewhere; ++i)
    if (study.channels[i] && study.registrations[i] && mask.geometry.matches(study.channels[i]->geometry)) {
      mask.geometry = moved_back(mask.geometry, *study.registrations[i]);
      break;
    }
  if (frame == nullptr) return mask;
  return core::with_context("mask " + cohort.names[input].mask, [&] {
    return imaging::placed_on(std::move(mask), *frame, mask_options_of(cohort, input));
  });
}

}  // namespace

InputVolumes read_study(const Cohort::Impl& cohort, size_t input, size_t row) {
  const RowFiles& files = cohort.files[input][row];
  InputVolumes study;
  for (size_t i = 0; i < files.channels.size(); ++i) {
    add_file(study, {cohort, input, row, {i, 0}});
    std::optional<ops::AffineMap> registration;
    if (!files.registrations[i].empty())
      registration = core::with_context("channel " + cohort.names[input].channels[i], [&] {
        return preprocess::read_registration(files.registrations[i]);
      });
    study.registrations.resize(study.channels.size(), registration);
  }
  if (!files.mask.empty()) {
    study.mask = read_study_mask(cohort, input, row, study);
    take_warnings(study.warnings, *study.mask, -1);
  }
  return study;
}

InputVolumes read_channel(const Cohort::Impl& cohort, size_t input, size_t row, size_t file) {
  InputVolumes study;
  add_file(study, {cohort, input, row, {file, 0}});
  return study;
}

imaging::MaskOptions mask_options_of(const Cohort::Impl& cohort, size_t input) {
  return cohort.modality(input).files->masks(cohort.choice(input));
}

Volume read_row_mask(const Cohort::Impl& cohort, size_t input, size_t row,
                     const std::vector<const Volume*>& images, const Volume* frame) {
  return core::with_context("mask " + cohort.names[input].mask, [&] {
    const imaging::MaskOptions masks = mask_options_of(cohort, input);
    Volume mask = imaging::read_mask(cohort.files[input][row].mask, images, masks);
    return frame == nullptr ? mask : imaging::placed_on(std::move(mask), *frame, masks);
  });
}

InputVolumes read_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance) {
  InputVolumes study;
  add_file(study, {cohort, input, row, instance_at(cohort, input, row, instance)});
  return study;
}

}  // namespace photo51::data
