#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/ibsi/gpu_texture.hpp"
#include "radiomics/ibsi/maximal_correlation.hpp"
#include "radiomics/ibsi/mean.hpp"
#include "radiomics/ibsi/size_features.hpp"
#include "radiomics/pyradiomics/common.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

/// Voxels of one row whose neighbour at `offset` is of another (or the same).
Counts pairs(const Texture& texture, int64_t offset) {
  Counts counts(texture.rows(), texture.rows(), static_cast<int64_t>(texture.voxels.size()),
                Counts::Shape::square);
  if (add_pairs_on_gpu({&counts, 1}, texture, {0, texture.voxels.size()}, {offset})) return counts;
  const int32_t* row = texture.row.data();
  if (counts.dense()) {
    // Row and column 0 take the neighbours outside.
    uint32_t* const cells = counts.data();
    for (const int64_t voxel : texture.voxels) ++cells[row[voxel] * texture.rows() + row[voxel + offset]];
  } else {
    for (const int64_t voxel : texture.voxels)
      if (row[voxel + offset] != 0) counts.add(row[voxel], row[voxel + offset]);
  }
  return counts;
}

std::vector<Cell> cells_of(Counts& counts, const Texture& texture, bool symmetric) {
  std::vector<Cell> cells;
  if (counts.dense()) {
    const uint32_t* const count = counts.data();
    const int64_t rows = texture.rows();
    for (int64_t i = 1; i < rows; ++i) {
      for (int64_t j = 1; j < rows; ++j) {
        const uint32_t both = count[i * rows + j] + (symmetric ? count[j * rows + i] : 0);
        if (both != 0) cells.push_back({i, j, static_cast<double>(both)});
      }
    }
    return cells;
  }
  counts.for_each([&](int64_t i, int64_t j, double count) {
    cells.push_back({i, j, count});
    if (symmetric) cells.push_back({j, i, count});
  });
  return symmetric ? merged(std::move(cells)) : cells;
}

double entropy(const std::vector<double>& shares) {
  double sum = 0;
  for (const double share : shares)
    if (share > 0) sum -= share * std::log2(share);
  return sum;
}

/// Of the matrix as shares of its sum, in the order of `kGlcmNames`; NaN for an empty one.
std::vector<double> features(std::vector<Cell> cells, const Texture& texture) {
  double total = 0;
  for (const Cell& cell : cells) total += cell.count;
  if (!(total > 0)) return std::vector<double>(kGlcmNames.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> by_row(texture.rows(), 0), by_column(texture.rows(), 0), difference(texture.highest, 0),
      sum(2 * texture.highest + 1, 0);
  double energy = 0, joint = 0, most = 0, product = 0;
  for (Cell& cell : cells) {
    const double p = cell.count /= total;
    const double i = texture.value[cell.row], j = texture.value[cell.column];
    by_row[cell.row] += p;
    by_column[cell.column] += p;
    difference[static_cast<size_t>(std::abs(i - j))] += p;
    sum[static_cast<size_t>(i + j)] += p;
    energy += p * p;
    joint -= p * std::log2(p);
    most = std::max(most, p);
    product += i * j * p;
  }
  double mean_row = 0, mean_column = 0, variance_row = 0, variance_column = 0;
  for (int64_t i = 1; i < texture.rows(); ++i) {
    mean_row += texture.value[i] * by_row[i];
    mean_column += texture.value[i] * by_column[i];
  }
  for (int64_t i = 1; i < texture.rows(); ++i) {
    variance_row += std::pow(texture.value[i] - mean_row, 2) * by_row[i];
    variance_column += std::pow(texture.value[i] - mean_column, 2) * by_column[i];
  }
  double average = 0, contrast = 0, inverse = 0, inverse_norm = 0, moment = 0, moment_norm = 0,
         inverse_var = 0;
  for (size_t i = 0; i < difference.size(); ++i) {
    const double p = difference[i], k = static_cast<double>(i),
                 part = k / static_cast<double>(texture.highest);
    average += k * p;
    contrast += k * k * p;
    inverse += p / (1 + k);
    inverse_norm += p / (1 + part);
    moment += p / (1 + k * k);
    moment_norm += p / (1 + part * part);
    if (i > 0) inverse_var += p / (k * k);
  }
  double tendency = 0, shade = 0, prominence = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    const double k = static_cast<double>(i) - mean_row - mean_column, square = k * k * sum[i];
    tendency += square;
    shade += square * k;
    prominence += square * k * k;
  }
  const double deviations = std::sqrt(variance_row * variance_column);
  // Of one level on either side, but for rounding.
  const bool flat =
      variance_row <= 1e-24 * mean_row * mean_row || variance_column <= 1e-24 * mean_column * mean_column;
  const double of_row = entropy(by_row), of_column = entropy(by_column);
  const double shared = std::max(0.0, of_row + of_column - joint), widest = std::max(of_row, of_column);
  const double mcc = texture.rows() > 2 ? maximal_correlation(cells, by_row, by_column) : 1;
  return {product,
          prominence,
          shade,
          tendency,
          contrast,
          flat ? 1 : (product - mean_row * mean_column) / deviations,
          average,
          entropy(difference),
          contrast - average * average,
          inverse,
          moment,
          moment_norm,
          inverse_norm,
          widest > 0 ? -shared / widest : 0,
          std::sqrt(1 - std::exp(-2 * shared)),
          inverse_var,
          mean_row,
          energy,
          joint,
          mcc,
          most,
          mean_row + mean_column,
          entropy(sum),
          variance_row};
}

}  // namespace

Values glcm(const Texture& texture, const Pyradiomics& settings) {
  Mean mean(kGlcmNames.size());
  std::vector<Cell> sum;
  for (const Step& step : steps(texture.grid, settings.distances, settings)) {
    Counts counts = pairs(texture, texture.grid.at(step.offset[0], step.offset[1], step.offset[2]));
    std::vector<Cell> cells = cells_of(counts, texture, settings.symmetrical_glcm);
    if (settings.weighting_norm == WeightingNorm::none) {
      mean.add(features(std::move(cells), texture));
      continue;
    }
    const double weight =
        settings.weighting_norm == WeightingNorm::no_weighting ? 1 : std::exp(-step.length * step.length);
    for (Cell& cell : cells) cell.count *= weight;
    sum.insert(sum.end(), cells.begin(), cells.end());
  }
  if (settings.weighting_norm != WeightingNorm::none) mean.add(features(merged(std::move(sum)), texture));
  const std::vector<double> found = mean.value();
  Values values;
  for (size_t i = 0; i < kGlcmNames.size(); ++i) values.emplace_back(kGlcmNames[i], found[i]);
  return values;
}

}  // namespace photo51::radiomics::pyradiomics
