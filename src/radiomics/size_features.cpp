#include "radiomics/size_features.hpp"

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
  double total = 0, small = 0, large = 0, low = 0, high = 0, small_low = 0, small_high = 0, large_low = 0,
         large_high = 0, levels = 0, sizes = 0, squares = 0, logs = 0;
  std::vector<double> of_level(texture.rows(), 0), of_size;
  for_each([&](int64_t row, int64_t column, double count) {
    const double level = texture.value[row], size = static_cast<double>(column);
    const double level2 = level * level, size2 = size * size;
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
    squares += count * count;
    logs += times_log2(count);
    of_level[row] += count;
    if (column >= static_cast<int64_t>(of_size.size())) of_size.resize(2 * column + 1, 0);
    of_size[column] += count;
  });
  if (total == 0) return std::vector<double>(kSizeFeatures, std::numeric_limits<double>::quiet_NaN());
  double level_squares = 0, size_squares = 0;
  for (const double count : of_level) level_squares += count * count;
  for (const double count : of_size) size_squares += count * count;
  const auto variance = [&](double second, double first) {
    return second / total - first / total * (first / total);
  };
  return {small / total,
          large / total,
          low / total,
          high / total,
          small_low / total,
          small_high / total,
          large_low / total,
          large_high / total,
          level_squares / total,
          level_squares / (total * total),
          size_squares / total,
          size_squares / (total * total),
          total / voxels,
          variance(high, levels),
          variance(large, sizes),
          std::log2(total) - logs / total,
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
