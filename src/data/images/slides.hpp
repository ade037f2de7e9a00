#pragma once
/// The slides of a cohort: opened once, their tissue found once.

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "data/cache/memoizer.hpp"
#include "photo51/data/modality/histopathology.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"

namespace photo51::data {

/// A slide as one input's options see it.
struct SlideFile {
  std::filesystem::path path;
  double mpp = 0;  ///< of level 0, from the manifest; 0 = the options or the file know
};

class Slides {
 public:
  using Tiles = std::vector<preprocess::Tile>;

  /// The slide's tiles with tissue, in grid order. `input` names who asks: inputs may see a slide
  /// differently.
  std::shared_ptr<const Tiles> tiles(const std::string& input, const HistopathologyOptions& options,
                                     const SlideFile& file);
  /// A case goes on without tile number `part`, which could not be read (`why`): the warning to report. Error
  /// (data): more of the slide's tiles are damaged than `tile.max_damaged` allows.
  std::string leave_out(const std::string& input, const HistopathologyOptions& options, const SlideFile& file,
                        size_t part, const std::string& why);
  /// The numbers of the tiles that `leave_out` was told.
  std::set<size_t> left_out(const std::string& input, const SlideFile& file);
  /// A tile's pixels as a picture [3, 1, size, size] (red, green, blue), normalised for stain when asked for.
  imaging::Volume read(const std::string& input, const HistopathologyOptions& options, const SlideFile& file,
                       const preprocess::Tile& tile);
  /// How it is opened, with what the manifest knows of it.
  static imaging::SlideOptions how(const HistopathologyOptions& options, const SlideFile& file);
  /// The tile about a point (level 0 pixels); outside the slide is its background. Error (data): a point that
  /// is not on the slide.
  preprocess::Tile tile_at(const HistopathologyOptions& options, const SlideFile& file,
                           const std::array<double, 2>& center);

 private:
  using Key = std::pair<std::string, std::string>;
  std::shared_ptr<const imaging::Slide> open(const HistopathologyOptions& options, const SlideFile& file);
  std::shared_ptr<const preprocess::StainProfile> stain(const std::string& input,
                                                        const HistopathologyOptions& options,
                                                        const SlideFile& file);

  std::mutex mutex_;
  std::map<Key, std::set<size_t>> damaged_;           ///< tiles that were left out
  std::map<Key, std::vector<std::string>> warnings_;  ///< of the search for tissue and tiles
  Memoizer<std::string, imaging::Slide> slides_{16};  ///< handles hold memory
  Memoizer<Key, Tiles> tiles_;
  Memoizer<Key, preprocess::StainProfile> stains_;
  Memoizer<std::string, preprocess::StainProfile> targets_;  ///< by input
};

}  // namespace photo51::data
