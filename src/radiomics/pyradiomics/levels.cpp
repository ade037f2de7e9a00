// Grey levels of the profile `pyradiomics`, between edges where numpy puts them.
#include <algorithm>
#include <cmath>
#include <limits>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "radiomics/pyradiomics/common.hpp"

namespace photo51::radiomics::pyradiomics {
namespace {

double as_float(double value) {
  return static_cast<double>(static_cast<float>(value));
}

/// Edge i is `start` + i * `step`. Of float32 intensities numpy computes the first edges (those of binCount:
/// all) in single precision, and a value that a person reads as an edge falls on the same side as there.
struct Edges {
  double start, step;
  bool single;  ///< each edge is rounded to float

  double at(double i) const { return single ? as_float(as_float(i * step) + start) : start + i * step; }
};

/// As `numpy.arange(low, high, width)`, `low` the multiple of the width at or below the minimum: the step is
/// what lies between the first two of them.
Edges of_width(double low, double width, bool single) {
  const auto rounded = [&](double value) { return single ? as_float(value) : value; };
  const double step = rounded(width);
  double beyond = rounded(std::fmod(low, step));
  if (beyond < 0) beyond = rounded(beyond + step);
  const double start = rounded(low - beyond);
  return {start, rounded(start + step) - start, false};
}

/// As `numpy.linspace(low, high, count + 1)`.
Edges of_count(double low, double high, double count, bool single) {
  const double step = (high - low) / count;
  return {low, single ? as_float(as_float(high - low) / as_float(count)) : step, single};
}

}  // namespace

Levels discretise(const Region& region, const Pyradiomics& settings, bool single) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const int64_t voxel : region.voxels) {
    low = std::min(low, region.intensity[voxel]);
    high = std::max(high, region.intensity[voxel]);
  }
  Edges edges = of_width(low, settings.bin_width, single);
  double most = std::floor((high - edges.start) / edges.step) + 2;  // an edge may round to below the maximum
  if (settings.bin_count) {
    most = static_cast<double>(*settings.bin_count);
    // Of a region with one intensity the edges lie half a unit on either side.
    const double half = high > low ? 0 : 0.5;
    edges = of_count(low - half, high + half, most, single);
  }
  constexpr double kMost = 1 << 20;
  if (!(edges.step > 0) || most > kMost)
    core::fail_data("`pyradiomics.binWidth` " + core::format_number(settings.bin_width) +
                    " makes too many levels of intensities from " + core::format_number(low) + " to " +
                    core::format_number(high));
  Levels levels{region.grid, std::vector<int32_t>(region.intensity.size(), 0), 0};
  for (const int64_t voxel : region.voxels) {
    const double value = region.intensity[voxel];
    double level = std::clamp(std::floor((value - edges.start) / edges.step) + 1, 1.0, most);
    // A value belongs to the last edge at or below it; the division may have rounded past one.
    while (level < most && value >= edges.at(level)) ++level;
    while (level > 1 && value < edges.at(level - 1)) --level;
    levels.level[voxel] = static_cast<int32_t>(level);
    levels.count = std::max(levels.count, levels.level[voxel]);
  }
  return levels;
}

Pyradiomics with(const ImageTypeLevels& levels, const Pyradiomics& settings) {
  Pyradiomics result = settings;
  if (levels.bin_width) result.bin_width = *levels.bin_width;
  if (levels.bin_count) result.bin_count = levels.bin_count;
  return result;
}

}  // namespace photo51::radiomics::pyradiomics
