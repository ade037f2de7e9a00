#pragma once
/// Histopathology: pictures of stained tissue, or whole slides as bags of tiles.

#include <optional>
#include <string>
#include <vector>

#include "photo51/data/modality/image.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"

namespace photo51::data {

struct HistopathologyOptions : ImageOptions {
  static constexpr const char* modality = "histopathology";
  std::optional<preprocess::TileOptions> tile;  ///< a slide is a bag of tiles
  std::vector<std::string> center;  ///< columns of x and y, level 0 pixels: the one tile around there instead
  preprocess::StainOptions stain;
};
void describe(config::Fields& f, HistopathologyOptions& o);

}  // namespace photo51::data
