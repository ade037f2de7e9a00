#include "data/study.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "data/pictures.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/suv.hpp"
#include "photo51/preprocess/registration.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Luma of ITU-R BT.601, what a gray copy of a colour picture holds.
at::Tensor gray_of(const at::Tensor& rgb) {
  const at::Tensor planes = rgb.to(at::kFloat);
  return planes.narrow(0, 0, 1) * 0.299 + planes.narrow(0, 1, 1) * 0.587 + planes.narrow(0, 2, 1) * 0.114;
}

Volume read_file(const std::filesystem::path& file, imaging::Modality modality) {
  if (modality == imaging::Modality::mammography) return read_mammogram_picture(file, std::nullopt);
  if (modality == imaging::Modality::ultrasound) return read_ultrasound_picture(file, std::nullopt);
  return imaging::read_volume(file, {.modality = modality, .series = ""});
}

/// The channels that one file gives the model.
std::vector<Volume> colours_of(Volume volume, const std::string& colour) {
  const int64_t found = volume.channel_count();
  if (colour == "single") {
    if (found == 3 && volume.channels == std::vector<std::string>{"red", "green", "blue"})
      core::fail_data(volume.source +
                      ": is a colour picture and the input takes one channel a file; set the input's colour "
                      "to gray or rgb");
    return {std::move(volume)};
  }
  if (found != 1 && found != 3)
    core::fail_data(volume.source + ": has " + std::to_string(found) +
                    " channels and is no gray or colour picture; convert it, or set the input's colour to "
                    "single");
  std::vector<Volume> planes;
  if (colour == "gray") {
    if (found == 3) volume.data = gray_of(volume.data);
    planes.push_back(std::move(volume));
  } else {
    for (int64_t i = 0; i < 3; ++i) {
      planes.push_back(volume);
      if (found == 3) planes.back().data = volume.data.narrow(0, i, 1);
    }
  }
  for (auto& plane : planes) plane.channels.clear();
  return planes;
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
  return imaging::to_suv(std::move(volume), imaging::suv_type_from(suv));
}

void add_file(Study& study, const InputOptions& options, const std::string& channel,
              const std::filesystem::path& file, imaging::Modality modality) {
  const size_t count = options.colour == "rgb" ? 3 : 1;
  std::vector<Volume> planes;
  if (!file.empty())
    planes = core::with_context("channel " + channel, [&] {
      Volume volume = in_units(read_file(file, modality), options);
      if (contains(options.mirror, channel)) volume.data = volume.data.flip({3});
      return colours_of(std::move(volume), options.colour);
    });
  const std::vector<std::string> suffixes{".red", ".green", ".blue"};
  for (size_t i = 0; i < count; ++i) {
    study.present.push_back(!planes.empty());
    study.names.push_back(count == 1 ? channel : channel + suffixes[i]);
    study.channels.emplace_back();
    if (!planes.empty()) study.channels.back() = std::move(planes[i]);
  }
}

}  // namespace

Study read_study(const Cohort::Impl& cohort, size_t input, size_t row, imaging::Modality modality) {
  const auto& options = cohort.inputs[input].second;
  const auto& files = cohort.files[input][row];
  Study study;
  for (size_t i = 0; i < files.channels.size(); ++i) {
    add_file(study, options, options.channels[i], files.channels[i], modality);
    std::optional<ops::AffineMap> registration;
    if (!files.registrations[i].empty())
      registration = core::with_context("channel " + options.channels[i], [&] {
        return preprocess::read_registration(files.registrations[i]);
      });
    study.registrations.resize(study.channels.size(), registration);
  }
  if (!files.mask.empty())
    study.mask = core::with_context("mask " + options.mask, [&] {
      std::vector<const imaging::Volume*> images;
      for (const auto& channel : study.channels)
        if (channel) images.push_back(&*channel);
      return imaging::read_mask(files.mask, images);
    });
  return study;
}

Study read_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance,
                    imaging::Modality modality) {
  const auto& options = cohort.inputs[input].second;
  const auto& files = cohort.files[input][row];
  Study study;
  add_file(study, options, options.channels[files.views[instance]], files.channels[instance], modality);
  return study;
}

}  // namespace photo51::data
