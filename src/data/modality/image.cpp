#include "data/modality/image.hpp"

#include <algorithm>

#include "data/segmenters/apply.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/segmenters/segmenter.hpp"

namespace photo51::data {
namespace {

void check_bags(config::Fields& f, const ImageOptions& o, bool bag) {
  f.check(!bag || o.mask.empty(), "mask", "a bag has no mask; set bag: never for one image with a mask");
  f.check(bag || o.train_instances == 0, "train_instances", "is for bags only; set bag: always");
}

void check_patch(config::Fields& f, const ImageOptions& o, bool bag) {
  if (!o.patch) return;
  f.check(!bag, "patch", "a bag's instances are seen whole; leave it out, or set bag: never");
  f.check(o.dims == 3 || o.patch->size.size() != 3 || o.patch->size[2] == 1, "patch",
          "dims: 2 takes one slice, size: [x, y, 1]");
}

void check_segmenter(config::Fields& f, const ImageOptions& o, const ImageFacts& facts) {
  const SegmenterOptions* segmenter = segmenter_options(o.segmenter);
  if (segmenter == nullptr) return;
  f.check(!facts.bag, "segmenter", "finds a region in one scan a case; set bag: never");
  f.check(facts.planes.size() == 1, "segmenter", "is for scans of one channel a file; leave out color");
  for (const auto& name : segmenter->channels)
    f.check(std::find(o.channels.begin(), o.channels.end(), name) != o.channels.end(), "segmenter",
            "channels: there is no channel `" + name + "`" + core::suggest(name, o.channels));
  f.check(o.mask.empty() || !makes_mask(o.segmenter), "segmenter",
          "use: mask and the column `mask` both say what the region is; leave one out");
}

/// Changes of color need the picture's own colors.
void check_colors(config::Fields& f, const ImageOptions& o, const ImageFacts& facts) {
  const bool rgb = facts.planes.front() == ".red";
  f.check(!rgb || o.augment.drop_channel == 0, "augment",
          "drop_channel would blank single colors; leave it out with color: rgb");
  const bool recolors = o.augment.color_jitter || o.augment.hed_jitter;
  f.check(!recolors || (rgb && o.preprocess.normalize.method == preprocess::NormalizeMethod::fixed),
          "augment",
          "color_jitter and hed_jitter are for color: rgb with preprocess.normalize fixed, which says what "
          "full color is");
  f.check(!o.augment.hed_jitter || facts.has_stain, "augment", "hed_jitter is for histopathology only");
  f.check(o.preprocess.normalize.method != preprocess::NormalizeMethod::histogram ||
              (!facts.bag && facts.planes.size() == 1),
          "preprocess", "normalize histogram is for one gray image a channel: neither bags nor color");
}

bool needs_spacing(const ImageOptions& options) {
  const auto& preparation = options.preprocess;
  return !preparation.spacing.empty() ||
         (preparation.crop.around != preprocess::CropAround::none && preparation.crop.margin > 0);
}

}  // namespace

std::span<const std::string_view> enum_names(ColorMode) {
  static constexpr std::array<std::string_view, 4> names{"auto", "single", "gray", "rgb"};
  return names;
}

std::span<const std::string_view> enum_names(BagMode) {
  static constexpr std::array<std::string_view, 3> names{"auto", "always", "never"};
  return names;
}

void describe_image(config::Fields& f, ImageOptions& o) {
  describe_channels(f, o);
  f("mask_channel", o.mask_channel, "the mask is also the last channel");
  f("dims", o.dims, "3, or 2 for one slice", {.min = 2, .max = 3});
  f("color", o.color,
    "single: a file has one channel, more are an error; gray, rgb: pictures become this, whatever they are; "
    "auto = rgb for histopathology, else single");
  f("mirror", o.mirror,
    "channels whose images are mirrored along x when they are read, such as right breasts");
  f("bag", o.bag,
    "whether a case is a bag of images: each channel is a view with any number of files (`a.png;b.png`), all "
    "of them instances of one bag; auto = mammography with several channels, slides in tiles, several frames "
    "with dims: 2");
  f("train_instances", o.train_instances,
    "bags: instances drawn of each training case, anew in every epoch; 0 = all", {.min = 0});
  describe_files(f, o);
}

void describe(config::Fields& f, PatchOptions& o) {
  f("size", o.size, "x, y, z voxels of the prepared image; dims: 2 takes one slice, [x, y, 1]",
    {.min = 1, .max = 4096});
  f("foreground", o.foreground,
    "share of the training's patches about a voxel of a class of a segmentation head, each class as often as "
    "the others; the rest lie anywhere",
    {.min = 0, .max = 1});
  f("overlap", o.overlap, "of neighbouring windows at prediction, as a part of their edge",
    {.min = 0, .max = 0.9});
  f.check_count(o.size.size(), 3, "size", "takes three numbers (x, y, z)");
}

void describe_segmenter_of(config::Fields& f, ImageOptions& o) {
  f.choice("segmenter", o.segmenter, segmenters().components(),
           "finds a region in the scan before it is prepared, such as the brain; absent = none");
}

void describe_preparation(config::Fields& f, ImageOptions& o) {
  f.section("preprocess", o.preprocess, "deterministic preparation");
  f.section("patch", o.patch,
            "the model sees parts of the image, drawn at random in training and side by side at prediction");
  f.section("augment", o.augment, "random changes while training");
}

void check_image(config::Fields& f, const ImageOptions& o, const ImageFacts& facts) {
  f.check(!o.channels.empty(), "channels", "name at least one channel, a manifest column");
  check_files(f, o);
  f.check(facts.has_bias_field || o.preprocess.bias_field_correction.method == preprocess::BiasMethod::none,
          "preprocess", "bias_field_correction is for mri only");
  check_bags(f, o, facts.bag);
  check_patch(f, o, facts.bag);
  check_colors(f, o, facts);
  check_segmenter(f, o, facts);
  f.check(o.mirror.empty() || o.mask.empty(), "mirror", "the mask would stay as it is; give no mask with it");
  for (const auto& name : o.mirror)
    f.check(std::find(o.channels.begin(), o.channels.end(), name) != o.channels.end(), "mirror",
            "there is no channel `" + name + "`" + core::suggest(name, o.channels));
}

bool is_plain_bag(const ImageOptions& o) {
  return o.bag == BagMode::always;
}

ColorMode color_or(const ImageOptions& o, ColorMode usual) {
  return o.color == ColorMode::automatic ? usual : o.color;
}

std::vector<std::string> planes_of_color(ColorMode color) {
  if (color == ColorMode::rgb) return {".red", ".green", ".blue"};
  return {""};
}

bool has_mask_channel(const ImageOptions& o) {
  return o.mask_channel && (!o.mask.empty() || makes_mask(o.segmenter));
}

NamedFiles named_files_of(ImageOptions& o) {
  NamedFiles named;
  if (o.segmenter.empty()) return named;
  named.programs = segmenter_row(o.segmenter).programs(o.segmenter);
  std::erase_if(named.programs, [](const NamedProgram& one) { return one.file->empty(); });
  for (NamedProgram& one : named.programs) one.key = "segmenter." + one.key;
  return named;
}

bool has_image(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& channels = cohort.files[input][row].channels;
  return std::any_of(channels.begin(), channels.end(), [](const auto& file) { return !file.empty(); });
}

size_t one_part(const Cohort::Impl& /*cohort*/, size_t /*input*/, size_t /*row*/, size_t /*file*/) {
  return 1;
}

InputColumns columns_of_image(const ImageOptions& options, bool bag) {
  InputColumns columns;
  columns.channels = options.channels;
  columns.mask = options.mask;
  columns.bag = bag;
  return columns;
}

PlaceNeeds place_of_scan(const ImageOptions& options) {
  if (options.dims != 3) return place_of_picture(options);
  return {.scan = true,
          .spacing = true,
          .orientation = options.preprocess.orientation != "none",
          .may_keep_axes = true};
}

PlaceNeeds place_of_picture(const ImageOptions& options) {
  return {.scan = false, .spacing = needs_spacing(options), .orientation = false, .may_keep_axes = true};
}

InputInfo image_info(const std::string& name, const ImageOptions& options, size_t planes, bool bag) {
  InputInfo info;
  const auto columns = static_cast<int64_t>(options.channels.size());
  info.bag = bag;
  info.views = bag ? columns : 1;
  info.channels = (bag ? 1 : columns) * static_cast<int64_t>(planes) + (has_mask_channel(options) ? 1 : 0);
  info.dims = options.dims;
  if (options.patch) {
    const auto& edges = options.patch->size;  // x, y, z
    info.window.assign(edges.rbegin(), edges.rend());
    info.overlap = options.patch->overlap;
    info.size = info.window;
    if (options.dims == 2) info.size.erase(info.size.begin());
    return info;
  }
  const auto& size = options.preprocess.size;  // x, y, z
  info.size.assign(size.rbegin(), size.rend());
  if (options.dims == 2 && !info.size.empty()) {
    if (info.size[0] != 1)
      core::fail_usage("input " + name + ": dims: 2 takes one slice; set preprocess.size to [" +
                       std::to_string(size[0]) + ", " + std::to_string(size[1]) + ", 1]");
    info.size.erase(info.size.begin());
  }
  return info;
}

}  // namespace photo51::data
