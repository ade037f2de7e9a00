#include "data/images/modality_readers.hpp"

#include <ATen/ATen.h>

#include "photo51/core/error.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

namespace photo51::data {
namespace {

using imaging::Modality;
using imaging::Volume;

bool is_named(const std::filesystem::path& file, std::initializer_list<const char*> endings) {
  const std::string name = file.filename().string();
  for (const char* ending : endings)
    if (name.ends_with(ending)) return true;
  return false;
}

}  // namespace

Volume read_mammogram_picture(const std::filesystem::path& file,
                              const std::optional<preprocess::MammographyOptions>& options,
                              const imaging::DicomPolicy& policy) {
  imaging::Mammogram read = imaging::read_mammogram(file, policy);
  Volume volume = std::move(read.volume);
  if (!options) return volume;
  core::with_context(file.string(), [&] {
    const preprocess::Breast breast = preprocess::find_breast(volume.data);
    const std::string odd = preprocess::wall_disagreement(breast, read.facts.laterality);
    if (!odd.empty()) volume.warnings.push_back(odd);
    volume.data = preprocess::pose_mammogram(volume.data, breast, *options);
  });
  imaging::Geometry posed;
  posed.size = {volume.data.size(3), volume.data.size(2), volume.data.size(1)};
  posed.spacing = volume.geometry.spacing;
  // Mirrored and cut, it lies nowhere in the patient any more.
  volume.geometry = posed;
  volume.orientation_known = false;
  return volume;
}

Volume read_ultrasound_picture(const std::filesystem::path& file,
                               const std::optional<preprocess::UltrasoundOptions>& options) {
  const bool tiff = is_named(file, {".tif", ".tiff"});
  if ((tiff && !options) || is_named(file, {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"})) {
    if (options)
      core::fail_data(
          file.string() +
          ": is not a DICOM, PNG, JPEG or TIFF file, which the input's `ultrasound` section prepares; "
          "convert it or leave the section out");
    return imaging::read_volume(file, {.modality = Modality::ultrasound, .series = ""});
  }
  const imaging::Cine cine = imaging::read_cine(file);
  if (cine.modality != Modality::unknown && cine.modality != Modality::ultrasound)
    core::fail_data(file.string() + ": is " + imaging::to_string(cine.modality) +
                    ", but ultrasound is asked for; name another file or set the input's modality");
  Volume volume;
  volume.source = cine.source;
  volume.modality = Modality::ultrasound;
  volume.units = imaging::Units::arbitrary;
  volume.warnings = cine.warnings;
  const at::Tensor frames = core::with_context(file.string(), [&] {
    return options ? preprocess::prepare_ultrasound(cine.frames, *options) : cine.frames;
  });
  volume.data = frames.transpose(0, 1).contiguous();
  volume.geometry.size = {frames.size(3), frames.size(2), frames.size(0)};
  volume.orientation_known = false;
  if (frames.size(1) == 3) volume.channels = {"red", "green", "blue"};
  if (frames.size(1) == 2) volume.channels = {"bmode", "flow"};
  try {
    const auto mm = imaging::mm_per_pixel(cine);
    volume.geometry.spacing = {mm[0], mm[1], 1};
  } catch (const core::Error&) {
    volume.spacing_known = false;  // the cine's warnings say why
  }
  return volume;
}

Volume normalized_stain(Volume picture, const preprocess::StainOptions& options) {
  if (picture.channel_count() != 3 || picture.data.scalar_type() != at::kByte)
    core::fail_data(picture.source +
                    ": is no color picture of 8 bits, whose stain could be normalised; convert it, "
                    "or set the input's stain to none");
  core::with_context(picture.source, [&] {
    const at::Tensor slices = picture.data.transpose(0, 1).contiguous();
    const auto from = preprocess::measure_stain(slices, options);
    picture.data = preprocess::normalize_stain(slices, from, preprocess::target_stain(options), options)
                       .transpose(0, 1)
                       .contiguous();
  });
  return picture;
}

}  // namespace photo51::data
