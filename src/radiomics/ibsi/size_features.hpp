#pragma once
/// What GLRLM, GLSZM, GLDZM and NGLDM have in common: features of a matrix of grey levels and sizes (run
/// lengths, zone sizes, distances, dependences).

#include <vector>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

/// Sums over the cells of such a matrix; `level2` and `size2` are the squares.
struct SizeSums {
  double total = 0, small = 0, large = 0, low = 0, high = 0, small_low = 0, small_high = 0, large_low = 0,
         large_high = 0, levels = 0, sizes = 0, logs = 0;

  void add(double count, double level, double level2, double size, double size2) {
    total += count;
    levels += count * level;
    sizes += count * size;
    small += count / size2;
    large += count * size2;
    low += count / level2;
    high += count * level2;
    small_low += count / (size2 * level2);
    small_high += count * level2 / size2;
    large_low += count * size2 / level2;
    large_high += count * size2 * level2;
    logs += times_log2(count);
  }
};

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
