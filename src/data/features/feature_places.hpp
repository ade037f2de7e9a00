#pragma once
/// Where the tiles lie whose features files hold.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/features/feature_file.hpp"
#include "photo51/data/images/bag_places.hpp"

namespace photo51::data {

/// The feature files of one case, in the order of its bag, and the slides that its manifest names.
struct FeatureSources {
  std::vector<std::shared_ptr<const FeatureFile>> files;
  std::vector<int64_t> views;                 ///< by file
  std::vector<std::filesystem::path> slides;  ///< where the manifest says they are
  std::string no_slides;                      ///< why it names none, in words; else empty
};

/// Tiles where every file has coordinates and says how large its tiles are, or they lie on a grid, whose step
/// is taken then. A slide is found by its file's name where the features tell it, else by its place in the
/// order, or it is the only one. Errors (data): those of FeatureFile.
BagPlaces feature_places(const FeatureSources& sources);

}  // namespace photo51::data
