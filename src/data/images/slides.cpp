#include "data/images/slides.hpp"

#include <ATen/ATen.h>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

constexpr int64_t stain_sample = 32;  ///< tiles that a slide's stain is measured on

std::string slide_key(const SlideFile& file) {
  return file.path.string() + "\n" + core::format_number(file.mpp);
}

}  // namespace

imaging::SlideOptions Slides::how(const HistopathologyOptions& options, const SlideFile& file) {
  imaging::SlideOptions how = options.tile->slide;
  if (file.mpp > 0) how.mpp = file.mpp;
  return how;
}

std::shared_ptr<const imaging::Slide> Slides::open(const HistopathologyOptions& options,
                                                   const SlideFile& file) {
  const imaging::SlideOptions as = how(options, file);
  const std::string key = file.path.string() + "\n" + core::format_number(as.mpp) +
                          (as.mpp_from_objective ? "o" : "") + "\n" + core::join(as.channels, "\n") + "\n" +
                          std::to_string(as.plane) + " " + std::to_string(as.page);
  return slides_.get(key, [&] { return imaging::open_slide(file.path, as); });
}

std::shared_ptr<const Slides::Tiles> Slides::tiles(const std::string& input,
                                                   const HistopathologyOptions& options,
                                                   const SlideFile& file) {
  return tiles_.get({input, slide_key(file)}, [&] {
    const auto slide = open(options, file);
    std::vector<std::string> found;
    auto tiles =
        preprocess::tile_grid(*slide, *options.tile, core::hash_key(file.path.filename().string()), &found);
    const std::scoped_lock lock(mutex_);
    warnings_[{input, slide_key(file)}] = std::move(found);
    return tiles;
  });
}

std::string Slides::leave_out(const std::string& input, const HistopathologyOptions& options,
                              const SlideFile& file, size_t part, const std::string& why) {
  const auto all = static_cast<int64_t>(tiles(input, options, file)->size());
  int64_t count = 0;
  {
    const std::scoped_lock lock(mutex_);
    auto& damaged = damaged_[{input, slide_key(file)}];
    damaged.insert(part);
    count = static_cast<int64_t>(damaged.size());
  }
  if (count > preprocess::damage_allowed(all, *options.tile))
    core::fail_data(file.path.string() + ": " + std::to_string(count) + " of its " + std::to_string(all) +
                    " tiles cannot be read, more than tile.max_damaged allows: " + why);
  return "tile " + std::to_string(part + 1) + " of " + std::to_string(all) +
         " cannot be read and is left out: " + why;
}

std::set<size_t> Slides::left_out(const std::string& input, const SlideFile& file) {
  const std::scoped_lock lock(mutex_);
  const auto known = damaged_.find({input, slide_key(file)});
  return known == damaged_.end() ? std::set<size_t>() : known->second;
}

std::shared_ptr<const preprocess::StainProfile> Slides::stain(const std::string& input,
                                                              const HistopathologyOptions& options,
                                                              const SlideFile& file) {
  return stains_.get({input, slide_key(file)}, [&] {
    const auto sample = preprocess::choose_tiles(*tiles(input, options, file), stain_sample, 0,
                                                 core::hash_key(file.path.filename().string()));
    return core::with_context(file.path.string(), [&] {
      std::vector<at::Tensor> pixels;
      for (const auto& tile : sample) {
        try {
          pixels.push_back(preprocess::read_tiles(*open(options, file), {tile}, *options.tile));
        } catch (const core::Error& error) {
          // A damaged tile is left out when its turn comes.
          if (error.fault() != core::Fault::data || (pixels.empty() && &tile == &sample.back())) throw;
        }
      }
      return preprocess::measure_stain(at::cat(pixels), options.stain);
    });
  });
}

imaging::Volume Slides::read(const std::string& input, const HistopathologyOptions& options,
                             const SlideFile& file, const preprocess::Tile& tile) {
  at::Tensor pixels = preprocess::read_tiles(*open(options, file), {tile}, *options.tile);
  if (options.stain.method != preprocess::StainMethod::none) {
    const auto target = targets_.get(input, [&] { return preprocess::target_stain(options.stain); });
    pixels = preprocess::normalize_stain(pixels, *stain(input, options, file), *target, options.stain);
  }
  imaging::Volume picture;
  picture.data = pixels[0].unsqueeze(1);
  picture.channels = {"red", "green", "blue"};
  picture.source = file.path.string();
  picture.warnings = open(options, file)->info().warnings;
  {
    const std::scoped_lock lock(mutex_);
    const auto& found = warnings_[{input, slide_key(file)}];
    picture.warnings.insert(picture.warnings.end(), found.begin(), found.end());
  }
  picture.modality = imaging::Modality::histopathology;
  picture.units = imaging::Units::arbitrary;
  picture.geometry.size = {options.tile->size, options.tile->size, 1};
  picture.geometry.spacing = {options.tile->mpp / 1000, options.tile->mpp / 1000, 1};
  picture.orientation_known = false;
  return picture;
}

preprocess::Tile Slides::tile_at(const HistopathologyOptions& options, const SlideFile& file,
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
