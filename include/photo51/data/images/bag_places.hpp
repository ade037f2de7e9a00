#pragma once
/// Where the instances of a case's bag lie: on which slide and where on it, for pictures of what a model
/// attends to.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/cohort/cohort.hpp"
#include "photo51/imaging/slide/slide.hpp"

namespace photo51::data {

struct BagPlaces {
  struct Instance {
    int64_t view = 0;  ///< index into `views`
    size_t slide = 0;  ///< index into `slides`
    /// A tile's upper left corner and size in pixels of its slide's finest level; zeros unless `on_slides`.
    double x = 0, y = 0, width = 0, height = 0;
  };
  struct NamedSlide {
    std::filesystem::path path;  ///< empty: nobody says where it is
    imaging::SlideOptions how;
    std::string missing;  ///< why there is no path, in words
  };

  /// In the order in which a model sees them, without those that were left out because they are damaged.
  std::vector<Instance> instances;
  std::vector<std::string> views;  ///< the input's channels
  bool on_slides = false;          ///< they are tiles; else files, slices or frames
  std::vector<NamedSlide> slides;
  int64_t tile_size = 0;           ///< pixels along a tile as the encoder saw it; 0 = not known
  std::vector<std::string> notes;  ///< what is odd about the places, in words
};

/// Of a case that has the input, and was predicted by this cohort before: damaged tiles are known from then.
/// Error (usage): the input's cases are no bags. Errors (data) as of CaseLoader::load.
BagPlaces bag_places(const Cohort& cohort, int64_t row, const std::string& input);

}  // namespace photo51::data
