#pragma once
/// How much the level of a voxel says of its neighbour's.

#include <vector>

#include "radiomics/ibsi/size_features.hpp"

namespace photo51::radiomics {

/// The maximal correlation coefficient of a co-occurrence matrix: `cells` are shares of the whole, by row and
/// column, and add up to `by_row` and `by_column`. It is the second singular value of the cells over the
/// square roots of their sums (the first is 1), found by Lanczos's method, to 1e-9.
double maximal_correlation(const std::vector<Cell>& cells, const std::vector<double>& by_row,
                           const std::vector<double>& by_column);

}  // namespace photo51::radiomics
