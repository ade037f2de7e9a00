#include "data/images/read_input.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/images/color_channels.hpp"
#include "data/images/geometry.hpp"
#include "data/images/instances.hpp"
#include "data/images/modality_readers.hpp"
#include "data/images/subchannel.hpp"
#include "data/options/region_kind.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/pet/suv.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/preprocess/geometry/registration.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// `count` of the frames along z at even distances, the first and last among them; of one, the middle one.
Volume evenly(Volume volume, int64_t count) {
  const int64_t found = volume.data.size(1);
  if (count == 0 || found <= count) return volume;
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < count; ++i)
    chosen.push_back(count == 1 ? found / 2 : (2 * i * (found - 1) + count - 1) / (2 * (count - 1)));
  volume.data = volume.data.index_select(1, at::tensor(chosen, at::kLong));
  volume.geometry.size[2] = count;
  volume.geometry.spacing[2] *= static_cast<double>(found) / static_cast<double>(count);
  return volume;
}

/// Of a bag of frames, `frame` of the chosen ones; a cine of fewer frames shows some of them more than once.
Volume frame_of(const Volume& cine, int64_t frame, int64_t count) {
  Volume one = cine;
  one.data = cine.data.narrow(1, frame * cine.data.size(1) / count, 1);
  one.geometry.size[2] = 1;
  return one;
}

Volume read_file(const std::filesystem::path& file, imaging::Modality modality, const InputOptions& options) {
  if (modality == imaging::Modality::mammography)
    return read_mammogram_picture(file, options.mammography, options.dicom);
  if (modality == imaging::Modality::ultrasound)
    return evenly(read_ultrasound_picture(file, options.ultrasound), options.frames);
  Volume volume = imaging::read_volume(
      file,
      {.modality = modality, .series = {}, .dicom = options.dicom, .keep_double = is_radiomics(options)});
  if (modality == imaging::Modality::histopathology && options.stain.method != "none")
    volume = normalized_stain(std::move(volume), options.stain);
  return volume;
}

/// A PET in the units that the config asks for.
imaging::Volume in_units(imaging::Volume volume, const InputOptions& options) {
  const std::string suv = options.suv == "auto" ? "bw" : options.suv;
  if (volume.modality != imaging::Modality::pet || suv == "none") return volume;
  if (volume.units == imaging::Units::suv) return volume;
  const bool says_units = volume.units == imaging::Units::becquerel_per_ml;
  if (suv == "stored") {
    if (says_units)
      core::fail_data(volume.source + ": holds Bq/ml, but `suv: stored` says SUV; set suv to bw, lbm or bsa");
    volume.units = imaging::Units::suv;
    return volume;
  }
  const imaging::SuvRequest request = imaging::suv_request_from(suv);
  return imaging::to_suv(std::move(volume), request.type, request.days);
}

/// One file of a case, or one part of it.
struct Source {
  const Cohort::Impl& cohort;
  size_t input, row;
  Instance instance;
  imaging::Modality modality;

  const std::string& channel() const {
    const auto& views = cohort.files[input][row].views;
    return cohort.inputs[input].second.channels[views.empty() ? instance.file : views[instance.file]];
  }
  Volume read() const {
    const std::string& name = cohort.inputs[input].first;
    const InputOptions& options = cohort.inputs[input].second;
    const auto& path = cohort.files[input][row].channels[instance.file];
    if (options.tile)
      return cohort.slides->read(name, options, slide_file(cohort, input, row, instance.file),
                                 tile_of(cohort, input, row, instance));
    const auto make = [&] { return in_units(read_file(path, modality, options), options); };
    const bool frames = is_bag(options) && options.frames > 1;
    const std::string part = part_of(channel());
    if (!frames && part.empty()) return make();
    const auto whole = cohort.shared_files->get({input, path.string()}, make);
    return frames ? frame_of(*whole, static_cast<int64_t>(instance.part), options.frames)
                  : take_part(*whole, part);
  }
};

void add_file(InputVolumes& study, const Source& source) {
  const std::string& channel = source.channel();
  const auto& options = source.cohort.inputs[source.input].second;
  std::vector<Volume> planes;
  if (!source.cohort.files[source.input][source.row].channels[source.instance.file].empty())
    planes = core::with_context("channel " + channel, [&] {
      Volume volume = source.read();
      require_place(volume, options);
      take_warnings(study.warnings, volume, is_bag(options) ? 0 : static_cast<int64_t>(source.instance.file));
      if (contains(options.mirror, channel)) volume.data = volume.data.flip({3});
      return planes_of(std::move(volume), options);
    });
  const auto suffixes = plane_suffixes(options);
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
  return core::with_context("mask " + cohort.inputs[input].second.mask, [&] {
    return imaging::placed_on(std::move(mask), *frame, mask_options_of(cohort.inputs[input].second));
  });
}

}  // namespace

InputVolumes read_study(const Cohort::Impl& cohort, size_t input, size_t row, imaging::Modality modality) {
  const auto& options = cohort.inputs[input].second;
  const auto& files = cohort.files[input][row];
  InputVolumes study;
  for (size_t i = 0; i < files.channels.size(); ++i) {
    add_file(study, {cohort, input, row, {i, 0}, modality});
    std::optional<ops::AffineMap> registration;
    if (!files.registrations[i].empty())
      registration = core::with_context("channel " + options.channels[i], [&] {
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

InputVolumes read_channel(const Cohort::Impl& cohort, size_t input, size_t row, size_t file,
                          imaging::Modality modality) {
  InputVolumes study;
  add_file(study, {cohort, input, row, {file, 0}, modality});
  return study;
}

imaging::MaskOptions mask_options_of(const InputOptions& options) {
  imaging::MaskOptions masks = options.masks;
  if (!is_radiomics(options)) return masks;
  const auto settings = options.settings ? *options.settings : radiomics::profile(options.profile);
  if (settings.profile != "pyradiomics") return masks;
  if (!masks.label && !masks.threshold) masks.label = settings.pyradiomics.label;
  masks.usual_label = 1;
  return masks;
}

Volume read_row_mask(const Cohort::Impl& cohort, size_t input, size_t row,
                     const std::vector<const Volume*>& images, const Volume* frame) {
  const InputOptions& options = cohort.inputs[input].second;
  return core::with_context("mask " + options.mask, [&] {
    const imaging::MaskOptions masks = mask_options_of(options);
    Volume mask = imaging::read_mask(cohort.files[input][row].mask, images, masks);
    return frame == nullptr ? mask : imaging::placed_on(std::move(mask), *frame, masks);
  });
}

InputVolumes read_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance,
                           imaging::Modality modality) {
  InputVolumes study;
  add_file(study, {cohort, input, row, instance_at(cohort, input, row, instance), modality});
  return study;
}

}  // namespace photo51::data
