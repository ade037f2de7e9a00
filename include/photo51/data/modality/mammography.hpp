#pragma once
/// Mammograms: pictures, several channels are the views of one exam; or the tiles of these pictures as one
/// bag.

#include <optional>

#include "photo51/data/modality/image.hpp"
#include "photo51/preprocess/mammography/breast_tiles.hpp"
#include "photo51/preprocess/mammography/mammography.hpp"

namespace photo51::data {

struct MammographyOptions : ImageOptions {
  static constexpr const char* modality = "mammography";
  std::optional<preprocess::MammographyOptions> mammography;  ///< absent: pictures stay as they are
  std::optional<preprocess::BreastTileOptions> tile;          ///< a picture is a bag of tiles
};
void describe(config::Fields& f, MammographyOptions& o);

}  // namespace photo51::data
