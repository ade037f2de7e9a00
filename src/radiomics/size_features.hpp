#pragma once
/// What GLRLM, GLSZM, GLDZM and NGLDM have in common: features of a matrix of grey levels and sizes (run
/// lengths, zone sizes, distances, dependences).

#include <vector>

#include "radiomics/counts.hpp"
#include "radiomics/texture.hpp"

namespace photo51::radiomics {

/// Emphasis of small and large sizes, low and high grey levels, and the four combinations; grey level and
/// size non-uniformity, each with its normalised form; percentage; variance of grey levels and of sizes;
/// entropy; energy. NaN for an empty matrix. Rows are those of the texture, columns are sizes.
std::vector<double> size_features(Counts& counts, const Texture& texture);
/// The same of counts that were weighted.
struct Cell {
  int64_t row, column;
  double count;
};
std::vector<double> size_features(const std::vector<Cell>& cells, const Texture& texture, double voxels);
/// Adds up cells of the same place; in the order of rows, then of columns.
std::vector<Cell> merged(std::vector<Cell> cells);
constexpr size_t kSizeFeatures = 17;

}  // namespace photo51::radiomics
