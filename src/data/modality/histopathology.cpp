#include "photo51/data/modality/histopathology.hpp"

#include <ATen/ATen.h>

#include <set>

#include "data/modality/image.hpp"
#include "data/modality/pictures.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/images/bag_places.hpp"
#include "photo51/imaging/slide/readable.hpp"
#include "photo51/preprocess/bytes.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

bool is_bag_of(const HistopathologyOptions& o) {
  return o.center.empty() && (o.tile || is_plain_bag(o));
}

std::vector<std::string> plane_names(const HistopathologyOptions& o) {
  return planes_of_color(color_or(o, ColorMode::rgb));
}

void check_tiles(config::Fields& f, const HistopathologyOptions& o) {
  f.check(o.center.empty() || o.tile, "center", "is the centre of a tile; give the tile section too");
  f.check(o.center.empty() || o.center.size() == 2, "center", "takes two columns, x and y");
  f.check(o.center.empty() || o.channels.size() == 1, "center", "is a place on one slide; name one channel");
  f.check(o.center.empty() || o.bag != BagMode::always, "bag",
          "a row with a center is one tile; leave bag out");
  if (!o.tile) return;
  f.check(o.dims == 2, "dims", "tiles are pictures; set dims: 2");
  f.check(!o.center.empty() || o.bag != BagMode::never, "bag",
          "a slide in tiles is a bag; name center columns for one tile");
  f.check(o.mask.empty(), "mask", "tiles have no mask");
  f.check(color_or(o, ColorMode::rgb) != ColorMode::single, "color", "tiles are gray or rgb");
}

SlideFile slide_file(const Cohort::Impl& cohort, size_t input, size_t row, size_t file) {
  const RowFiles& files = cohort.files[input][row];
  return {files.channels[file], files.mpps[files.channel_of(file)]};
}

/// The tile that a slide's instance, or a row with a `center`, shows.
preprocess::Tile tile_of(const Cohort::Impl& cohort, size_t input, size_t row, const Instance& instance) {
  const std::string& name = cohort.name(input);
  const HistopathologyOptions& options = cohort.own<HistopathologyOptions>(input);
  const SlideFile file = slide_file(cohort, input, row, instance.file);
  if (const auto& center = cohort.files[input][row].center)
    return cohort.stores.slides.tile_at(options, file, *center);
  if (!options.center.empty())
    core::fail_data("which place of the slide to look at is not given: " + name + "." + options.center[0] +
                    " and " + name + "." + options.center[1]);
  return cohort.stores.slides.tiles(name, options, file)->at(instance.part);
}

Volume read_tile_or_picture(const ImageFile& file) {
  const auto& options = file.choice().as<HistopathologyOptions>();
  if (options.tile)
    return file.cohort.stores.slides.read(file.cohort.name(file.input), options,
                                          slide_file(file.cohort, file.input, file.row, file.instance.file),
                                          tile_of(file.cohort, file.input, file.row, file.instance));
  return file.part([&] {
    Volume volume = file.read_volume(imaging::Modality::histopathology);
    return options.stain.method == preprocess::StainMethod::none
               ? volume
               : normalized_stain(std::move(volume), options.stain);
  });
}

size_t part_count_of(const Cohort::Impl& cohort, size_t input, size_t row, size_t file) {
  const auto& options = cohort.own<HistopathologyOptions>(input);
  if (!options.tile) return 1;
  return cohort.stores.slides.tiles(cohort.name(input), options, slide_file(cohort, input, row, file))
      ->size();
}

std::string cache_key(const Cohort::Impl& cohort, size_t input, size_t row, const Instance& which) {
  const auto& options = cohort.own<HistopathologyOptions>(input);
  if (!options.tile) return "";
  std::string text;
  const preprocess::Tile tile = tile_of(cohort, input, row, which);
  for (const double number : {tile.x, tile.y, slide_file(cohort, input, row, which.file).mpp})
    text += core::format_number(number) + "\n";
  if (!options.stain.reference.empty())
    text += "stain " + cohort.files.hash_of(options.stain.reference) + "\n";
  return text;
}

std::optional<std::string> leave_out(const Cohort::Impl& cohort, size_t input, size_t row,
                                     const Instance& which, const std::string& why) {
  const auto& options = cohort.own<HistopathologyOptions>(input);
  if (!options.tile) return std::nullopt;
  return cohort.stores.slides.leave_out(cohort.name(input), options,
                                        slide_file(cohort, input, row, which.file), which.part, why);
}

std::optional<Volume> overview(const Cohort::Impl& cohort, size_t input, size_t row, size_t file,
                               int64_t longest_side) {
  const auto& options = cohort.own<HistopathologyOptions>(input);
  if (!options.tile || !options.center.empty()) return std::nullopt;
  const SlideFile slide = slide_file(cohort, input, row, file);
  const at::Tensor picture =
      imaging::readable_thumbnail(imaging::open_slide(slide.path, Slides::how(options, slide)), longest_side);
  imaging::Geometry geometry;
  geometry.size = {picture.size(2), picture.size(1), 1};
  return imaging::make_volume(picture.unsqueeze(1), geometry, imaging::Modality::histopathology);
}

/// Tile by tile, slide by slide, without the damaged ones.
BagPlaces places_of(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.own<HistopathologyOptions>(input);
  BagPlaces found;
  found.on_slides = options.tile.has_value();
  if (options.tile) found.tile_size = options.tile->size;
  const RowFiles& files = cohort.files[input][row];
  for (size_t file = 0; file < files.channels.size(); ++file) {
    BagPlaces::Instance instance{.view = static_cast<int64_t>(files.channel_of(file)),
                                 .slide = options.tile ? file : 0};
    if (!options.tile) {
      found.instances.push_back(instance);
      continue;
    }
    const SlideFile slide = slide_file(cohort, input, row, file);
    Slides& slides = cohort.stores.slides;
    found.slides.push_back({slide.path, Slides::how(options, slide), ""});
    const auto tiles = slides.tiles(cohort.name(input), options, slide);
    const std::set<size_t> left_out = slides.left_out(cohort.name(input), slide);
    for (size_t part = 0; part < tiles->size(); ++part) {
      if (left_out.contains(part)) continue;
      const preprocess::Tile& tile = (*tiles)[part];
      instance.x = tile.x;
      instance.y = tile.y;
      instance.width = tile.extent_x;
      instance.height = tile.extent_y;
      found.instances.push_back(instance);
    }
  }
  return found;
}

bool tiles_stay_bytes(const config::Choice& input) {
  const auto& options = input.as<HistopathologyOptions>();
  // Gray is a mean of the colors, and assumed axes may turn the picture.
  return options.tile && color_or(options, ColorMode::rgb) == ColorMode::rgb &&
         options.assume_orientation.empty() &&
         preprocess::keeps_bytes(options.preprocess, static_cast<int64_t>(plane_names(options).size()),
                                 {options.tile->size, options.tile->size});
}

}  // namespace

void describe(config::Fields& f, HistopathologyOptions& o) {
  describe_image(f, o);
  f.section("tile", o.tile,
            "a slide as a bag of tiles at one resolution; a manifest column of the channel's name and `.mpp` "
            "may hold the slide's microns per pixel");
  f("center", o.center,
    "manifest columns of x and y (pixels of the slide's finest level); the one tile around there instead of "
    "a "
    "bag");
  f.section("stain", o.stain, "colors brought to a common look, learned from each slide alone");
  describe_preparation(f, o);
  check_tiles(f, o);
  check_image(f, o, {.bag = is_bag_of(o), .planes = plane_names(o), .has_stain = true});
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

const Modality rows::histopathology = [] {
  Modality row =
      image_row<HistopathologyOptions>("pictures of stained tissue, slides in tiles", read_tile_or_picture);
  row.columns = [](const config::Choice& input) {
    const auto& options = input.as<HistopathologyOptions>();
    InputColumns columns = columns_of_image(options, is_bag_of(options));
    columns.center = options.center;
    columns.slides = options.tile.has_value();
    return columns;
  };
  row.info = [](const std::string& name, const config::Choice& input, const FittedInput*) {
    const auto& options = input.as<HistopathologyOptions>();
    InputInfo info = image_info(name, options, plane_names(options).size(), is_bag_of(options));
    if (options.tile && info.size.empty()) info.size = {options.tile->size, options.tile->size};
    return info;
  };
  row.files->place = [](const config::Choice& input) {
    return place_of_picture(image_of<HistopathologyOptions>(input));
  };
  row.files->color = [](const config::Choice& input) {
    return color_or(image_of<HistopathologyOptions>(input), ColorMode::rgb);
  };
  row.files->planes = [](const config::Choice& input) {
    return plane_names(input.as<HistopathologyOptions>());
  };
  row.image->parts = part_count_of;
  row.image->cache_key = cache_key;
  row.image->leave_out = leave_out;
  row.image->overview = overview;
  row.image->tile = [](const Cohort::Impl& cohort, size_t input, size_t at, const Instance& which) {
    return cohort.own<HistopathologyOptions>(input).tile ? std::optional(tile_of(cohort, input, at, which))
                                                         : std::nullopt;
  };
  row.image->stays_bytes = tiles_stay_bytes;
  row.places = places_of;
  row.named_files = [](config::Choice& input) {
    return NamedFiles{.table = nullptr,
                      .reference = &options_of<HistopathologyOptions>(input).stain.reference};
  };
  return row;
}();

}  // namespace photo51::data
