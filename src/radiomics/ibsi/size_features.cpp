#include "radiomics/ibsi/size_features.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace photo51::radiomics {

double times_log2(double count) {
  constexpr size_t kTabulated = 4096;
  static const auto table = [] {
    std::vector<double> result(kTabulated, 0);
    for (size_t i = 2; i < kTabulated; ++i)
      result[i] = static_cast<double>(i) * std::log2(static_cast<double>(i));
    return result;
  }();
  if (count < kTabulated && count == std::floor(count)) return table[static_cast<size_t>(count)];
  return count * std::log2(count);
}

namespace {

/// `for_each(visit)` visits row, column and count of each cell.
template <class ForEach>
std::vector<double> features_of_cells(ForEach&& for_each, const Texture& texture, double voxels) {
  SizeSums of;
  double squares = 0;
  std::vector<double> of_level(texture.rows(), 0), of_size;
  for_each([&](int64_t row, int64_t column, double count) {
    const double level = texture.value[row], size = static_cast<double>(column);
    of.add(count, level, level * level, size, size * size);
    squares += count * count;
    of_level[row] += count;
    if (column >= static_cast<int64_t>(of_size.size())) of_size.resize(2 * column + 1, 0);
    of_size[column] += count;
  });
  const double total = of.total;
  if (total == 0) return std::vector<double>(kSizeFeatures, std::numeric_limits<double>::quiet_NaN());
  double level_squares = 0, size_squares = 0;
  for (const double count : of_level) level_squares += count * count;
  for (const double count : of_size) size_squares += count * count;
  const auto variance = [&](double second, double first) {
    return second / total - first / total * (first / total);
  };
  return {of.small / total,
          of.large / total,
          of.low / total,
          of.high / total,
          of.small_low / total,
          of.small_high / total,
          of.large_low / total,
          of.large_high / total,
          level_squares / total,
          level_squares / (total * total),
          size_squares / total,
          size_squares / (total * total),
          total / voxels,
          variance(of.high, of.levels),
          variance(of.large, of.sizes),
          std::log2(total) - of.logs / total,
          squares / (total * total)};
}

}  // namespace

std::vector<double> size_features(Counts& counts, const Texture& texture) {
  return features_of_cells([&](auto&& visit) { counts.for_each(visit); }, texture,
                           static_cast<double>(counts.voxels));
}

std::vector<double> size_features(const std::vector<Cell>& cells, const Texture& texture, double voxels) {
  return features_of_cells(
      [&](auto&& visit) {
        for (const Cell& cell : cells) visit(cell.row, cell.column, cell.count);
      },
      texture, voxels);
}

std::vector<Cell> merged(std::vector<Cell> cells) {
  const auto before = [](const Cell& a, const Cell& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  };
  std::sort(cells.begin(), cells.end(), before);
  size_t kept = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (kept > 0 && !before(cells[kept - 1], cells[i]))
      cells[kept - 1].count += cells[i].count;
    else
      cells[kept++] = cells[i];
  }
  cells.resize(kept);
  return cells;
}

}  // namespace photo51::radiomics
