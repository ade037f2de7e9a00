#include "photo51/data/modality/ultrasound.hpp"

#include <ATen/ATen.h>

#include "data/modality/image.hpp"
#include "data/modality/pictures.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

/// Whether each chosen frame is an instance.
bool has_frames_as_instances(const UltrasoundOptions& o) {
  return o.frames > 1 && o.dims == 2;
}

bool is_bag_of_frames(const UltrasoundOptions& o) {
  return has_frames_as_instances(o) || is_plain_bag(o);
}

bool splits_doppler(const UltrasoundOptions& o) {
  return o.ultrasound && o.ultrasound->doppler == preprocess::DopplerUse::split;
}

std::vector<std::string> plane_names(const UltrasoundOptions& o) {
  if (splits_doppler(o)) return {".bmode", ".flow"};
  return planes_of_color(color_or(o, ColorMode::single));
}

bool is_named(const std::filesystem::path& file, std::initializer_list<const char*> endings) {
  const std::string name = file.filename().string();
  for (const char* ending : endings)
    if (name.ends_with(ending)) return true;
  return false;
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

}  // namespace

void describe(config::Fields& f, UltrasoundOptions& o) {
  describe_image(f, o);
  f.section("ultrasound", o.ultrasound,
            "what the machine drew around and over the scan; absent: pictures stay as they are");
  f("frames", o.frames,
    "frames taken of a cine at even distances, along z, or with dims: 2 as instances of a bag; 1 = the "
    "middle "
    "one, 0 = all",
    {.min = 0, .max = 4096});
  describe_preparation(f, o);
  check_image(f, o, {.bag = is_bag_of_frames(o), .planes = plane_names(o)});
  f.check(!has_frames_as_instances(o) || o.bag != BagMode::never, "bag",
          "several frames with dims: 2 are a bag; set dims: 3, or frames: 1");
  f.check(!splits_doppler(o) || o.color == ColorMode::automatic, "color",
          "a split Doppler has channels of its own; leave color out");
  // The mask is read as it lies on the whole picture.
  f.check(o.mask.empty() || !o.ultrasound || o.ultrasound->sector != preprocess::SectorUse::crop,
          "ultrasound",
          "the mask would stay where the whole picture was; give no mask with it, or set sector: mask");
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
    return imaging::read_volume(file, {.modality = imaging::Modality::ultrasound, .series = ""});
  }
  const imaging::Cine cine = imaging::read_cine(file);
  if (cine.modality != imaging::Modality::unknown && cine.modality != imaging::Modality::ultrasound)
    core::fail_data(file.string() + ": is " + imaging::to_string(cine.modality) +
                    ", but ultrasound is asked for; name another file or set the input's modality");
  Volume volume;
  volume.source = cine.source;
  volume.modality = imaging::Modality::ultrasound;
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

namespace {

Volume read_frames(const ImageFile& file) {
  const auto& options = file.choice().as<UltrasoundOptions>();
  const auto read = [&] {
    return evenly(read_ultrasound_picture(file.path(), options.ultrasound), options.frames);
  };
  if (!is_bag_of_frames(options) || options.frames <= 1) return file.part(read);
  return frame_of(*file.shared(read), static_cast<int64_t>(file.instance.part), options.frames);
}

Modality ultrasound_row() {
  using Options = UltrasoundOptions;
  Modality row = image_row<Options>("stills and cines of ultrasound", read_frames);
  row.columns = [](const config::Choice& input) {
    return columns_of_image(image_of<Options>(input), is_bag_of_frames(input.as<Options>()));
  };
  row.files->place = [](const config::Choice& input) { return place_of_picture(image_of<Options>(input)); };
  row.files->planes = [](const config::Choice& input) { return plane_names(input.as<Options>()); };
  row.image->parts = [](const Cohort::Impl& cohort, size_t input, size_t, size_t) {
    const int64_t frames = cohort.own<Options>(input).frames;
    return frames > 1 ? static_cast<size_t>(frames) : size_t{1};
  };
  return row;
}

}  // namespace

const Modality rows::ultrasound = ultrasound_row();

}  // namespace photo51::data
