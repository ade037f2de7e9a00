#include "data/options/images.hpp"

#include <algorithm>

#include "data/images/color_channels.hpp"
#include "photo51/core/text.hpp"
#include "photo51/preprocess/geometry/orientation.hpp"

namespace photo51::data {
namespace {

void check_modality(config::Fields& f, const InputOptions& o) {
  const bool image = is_image(o);
  f.check(image || o.color == "auto", "color", "is for images only");
  f.check(image || o.bag == "auto", "bag", "is for images only");
  f.check(o.modality == "mammography" || !o.mammography, "mammography", "is for mammography only");
  f.check(o.modality != "pet" || o.dicom.voi == "none", "dicom",
          "voi: apply would leave no SUV; use preprocess.normalize instead");
  f.check(o.modality == "ultrasound" || !o.ultrasound, "ultrasound", "is for ultrasound only");
  f.check(o.modality == "ultrasound" || o.frames == 0, "frames", "is for ultrasound only");
  f.check(o.modality == "histopathology" || !o.tile, "tile", "is for histopathology only");
  f.check(o.modality == "histopathology" || o.stain.method == "none", "stain", "is for histopathology only");
  f.check(o.modality == "mri" || o.preprocess.bias_field_correction.method == "none", "preprocess",
          "bias_field_correction is for mri only");
}

void check_tiles(config::Fields& f, const InputOptions& o) {
  f.check(o.center.empty() || o.tile, "center", "is the centre of a tile; give the tile section too");
  f.check(o.center.empty() || o.center.size() == 2, "center", "takes two columns, x and y");
  f.check(o.center.empty() || o.channels.size() == 1, "center", "is a place on one slide; name one channel");
  f.check(o.center.empty() || o.bag != "always", "bag", "a row with a center is one tile; leave bag out");
  if (!o.tile) return;
  f.check(o.dims == 2, "dims", "tiles are pictures; set dims: 2");
  f.check(!o.center.empty() || o.bag != "never", "bag",
          "a slide in tiles is a bag; name center columns for one tile");
  f.check(o.mask.empty(), "mask", "tiles have no mask");
  f.check(color_of(o) != "single", "color", "tiles are gray or rgb");
}

void check_bags(config::Fields& f, const InputOptions& o) {
  const bool bag = is_bag(o);
  f.check(!bag || o.mask.empty(), "mask", "a bag has no mask; set bag: never for one image with a mask");
  f.check(bag || o.train_instances == 0, "train_instances", "is for bags only; set bag: always");
  f.check(!(o.frames > 1 && o.dims == 2) || o.bag != "never", "bag",
          "several frames with dims: 2 are a bag; set dims: 3, or frames: 1");
}

/// Changes of color need the picture's own colors.
void check_colors(config::Fields& f, const InputOptions& o) {
  const bool rgb = plane_suffixes(o).front() == ".red";
  f.check(!rgb || o.augment.drop_channel == 0, "augment",
          "drop_channel would blank single colors; leave it out with color: rgb");
  const bool recolors = o.augment.color_jitter || o.augment.hed_jitter;
  f.check(!recolors || (rgb && o.preprocess.normalize.method == "fixed"), "augment",
          "color_jitter and hed_jitter are for color: rgb with preprocess.normalize fixed, which says what "
          "full color is");
  f.check(!o.augment.hed_jitter || o.modality == "histopathology", "augment",
          "hed_jitter is for histopathology only");
  f.check(!(o.ultrasound && o.ultrasound->doppler == "split") || o.color == "auto", "color",
          "a split Doppler has channels of its own; leave color out");
  f.check(o.preprocess.normalize.method != "histogram" || (!is_bag(o) && plane_suffixes(o).size() == 1),
          "preprocess", "normalize histogram is for one gray image a channel: neither bags nor color");
}

}  // namespace

bool is_bag(const InputOptions& input) {
  if (!is_image(input) || !input.center.empty()) return false;
  if (input.tile || (input.frames > 1 && input.dims == 2)) return true;
  if (input.bag == "never") return false;
  return input.bag == "always" || (input.modality == "mammography" && input.channels.size() > 1);
}

void describe_pictures(config::Fields& f, InputOptions& o) {
  f("color", o.color,
    "single: a file has one channel, more are an error; gray, rgb: pictures become this, whatever they are; "
    "auto = rgb for histopathology, else single",
    {.one_of = {"auto", "single", "gray", "rgb"}});
  f("mirror", o.mirror,
    "channels whose images are mirrored along x when they are read, such as right breasts");
  f("bag", o.bag,
    "whether a case is a bag of images: each channel is a view with any number of files (`a.png;b.png`), all "
    "of them instances of one bag; auto = mammography with several channels, slides in tiles, several frames "
    "with dims: 2",
    {.one_of = {"auto", "always", "never"}});
  f("train_instances", o.train_instances,
    "bags: instances drawn of each training case, anew in every epoch; 0 = all", {.min = 0});
  f.section("dicom", o.dicom,
            "volumes and mammograms: DICOM series that are not one even stack, values as shown");
  f("assume_spacing", o.assume_spacing,
    "volumes: spacing x, y, z of files that do not say; empty = such a file is an error",
    {.min = 1e-6, .unit = "mm"});
  f("assume_orientation", o.assume_orientation,
    "volumes: where the axes of files that do not say point to, such as LPS; empty = such a file is an "
    "error");
  f.section("mammography", o.mammography, "the pose of the breast; absent: pictures stay as they are");
  f.section("ultrasound", o.ultrasound,
            "what the machine drew around and over the scan; absent: pictures stay as they are");
  f("frames", o.frames,
    "ultrasound: frames taken of a cine at even distances, along z, or with dims: 2 as instances of a bag; 1 "
    "= the middle one, 0 = all",
    {.min = 0, .max = 4096});
  f.section("tile", o.tile,
            "histopathology: a slide as a bag of tiles at one resolution; a manifest column of the channel's "
            "name and `.mpp` may hold the slide's microns per pixel");
  f("center", o.center,
    "histopathology: manifest columns of x and y (pixels of the slide's finest level); the one tile around "
    "there instead of a bag");
  f.section("stain", o.stain,
            "histopathology: colors brought to a common look, learned from each slide alone");
  if (!o.assume_spacing.empty())
    f.check_count(o.assume_spacing.size(), 3, "assume_spacing", "takes three numbers (x, y, z)");
  f.check(o.assume_orientation.empty() || preprocess::is_orientation(o.assume_orientation),
          "assume_orientation", "is one letter each of L/R, P/A and S/I, such as LPS");
}

void check_pictures(config::Fields& f, const InputOptions& o) {
  check_modality(f, o);
  check_tiles(f, o);
  check_bags(f, o);
  check_colors(f, o);
  f.check(o.mirror.empty() || o.mask.empty(), "mirror", "the mask would stay as it is; give no mask with it");
  // The mask is read as it lies on the whole picture.
  f.check(
      o.mask.empty() || !o.mammography || (o.mammography->flip_to == "none" && !o.mammography->breast_crop),
      "mammography",
      "the mask would stay where the whole picture was; give no mask with it, or set flip_to: none and "
      "breast_crop: false");
  f.check(o.mask.empty() || !o.ultrasound || o.ultrasound->sector != "crop", "ultrasound",
          "the mask would stay where the whole picture was; give no mask with it, or set sector: mask");
  for (const auto& name : o.mirror)
    f.check(std::find(o.channels.begin(), o.channels.end(), name) != o.channels.end(), "mirror",
            "there is no channel `" + name + "`" + core::suggest(name, o.channels));
}

}  // namespace photo51::data
