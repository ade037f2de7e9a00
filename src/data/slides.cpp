#include "data/slides.hpp"

#include <ATen/ATen.h>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

constexpr int64_t stain_sample = 32;  ///< tiles that a slide's stain is measured on

std::string key_of(const SlideFile& file) {
  return file.path.string() + "\n" + core::format_number(file.mpp);
}

}  // namespace

std::shared_ptr<const imaging::Slide> Slides::open(const InputOptions& options, const SlideFile& file) {
  imaging::SlideOptions how = options.tile->slide;
  if (file.mpp > 0) how.mpp = file.mpp;
  const std::string key =
      file.path.string() + "\n" + core::format_number(how.mpp) + (how.mpp_from_objective ? "o" : "");
  return slides_.get(key, [&] { return imaging::open_slide(file.path, how); });
}

std::shared_ptr<const Slides::Tiles> Slides::tiles(const std::string& input, const InputOptions& options,
                                                   const SlideFile& file) {
  return tiles_.get({input, key_of(file)}, [&] {
    return preprocess::tile_grid(*open(options, file), *options.tile,
                                 core::hash_key(file.path.filename().string()));
  });
}

std::shared_ptr<const preprocess::StainProfile> Slides::stain(const std::string& input,
                                                              const InputOptions& options,
                                                              const SlideFile& file) {
  return stains_.get({input, key_of(file)}, [&] {
    const auto sample = preprocess::choose_tiles(*tiles(input, options, file), stain_sample, 0,
                                                 core::hash_key(file.path.filename().string()));
    return core::with_context(file.path.string(), [&] {
      return preprocess::measure_stain(preprocess::read_tiles(*open(options, file), sample, *options.tile),
                                       options.stain);
    });
  });
}

imaging::Volume Slides::read(const std::string& input, const InputOptions& options, const SlideFile& file,
                             const preprocess::Tile& tile) {
  at::Tensor pixels = preprocess::read_tiles(*open(options, file), {tile}, *options.tile);
  if (options.stain.method != "none") {
    const auto target = targets_.get(input, [&] { return preprocess::target_stain(options.stain); });
    pixels = preprocess::normalize_stain(pixels, *stain(input, options, file), *target, options.stain);
  }
  imaging::Volume picture;
  picture.data = pixels[0].unsqueeze(1);
  picture.channels = {"red", "green", "blue"};
  picture.source = file.path.string();
  picture.warnings = open(options, file)->info().warnings;
  picture.modality = imaging::Modality::histopathology;
  picture.units = imaging::Units::arbitrary;
  picture.geometry.size = {options.tile->size, options.tile->size, 1};
  picture.geometry.spacing = {options.tile->mpp / 1000, options.tile->mpp / 1000, 1};
  picture.orientation_known = false;
  return picture;
}

preprocess::Tile Slides::tile_at(const InputOptions& options, const SlideFile& file,
                                 const std::array<double, 2>& center) {
  const auto slide = open(options, file);
  const auto& whole = slide->levels().front();
  if (!(center[0] >= 0 && center[1] >= 0 && center[0] < static_cast<double>(whole.width) &&
        center[1] < static_cast<double>(whole.height)))
    core::fail_data(file.path.string() + ": the point " + core::format_number(center[0]) + ", " +
                    core::format_number(center[1]) + " is not on the slide of " +
                    std::to_string(whole.width) + " x " + std::to_string(whole.height) +
                    " pixels; give level 0 pixels");
  return preprocess::tile_around(*slide, *options.tile, center);
}

}  // namespace photo51::data
