#pragma once
/// Tables and rectangles of heat maps as text.

#include <optional>
#include <string>
#include <vector>

#include "photo51/data/images/bag_places.hpp"

namespace photo51::inference {

/// What the members of a model say together of the instances of a bag.
struct BagAttention {
  std::vector<double> attention;            ///< [N] mean over the members
  std::vector<double> percentile;           ///< [N] 100 * rank / N
  std::vector<std::vector<double>> scores;  ///< [S][N], mean over the members; empty: the pool has none
};

/// "score", or "score_1" …, where there are several.
std::vector<std::string> score_names(const BagAttention& bag);
/// See HeatMapWriter.
std::string to_csv(const data::BagPlaces& places, const BagAttention& bag);
/// The tiles of one slide as QuPath's own export has objects (`objectType`, `classification`,
/// `measurements`): classes are the fifths of the percentile.
std::string to_geojson(const data::BagPlaces& places, const BagAttention& bag, size_t slide);

}  // namespace photo51::inference
