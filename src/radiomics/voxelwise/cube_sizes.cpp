// Matrices of levels and sizes in a cube: dependences, runs and zones.
#include <algorithm>
#include <cmath>
#include <limits>

#include "radiomics/ibsi/size_features.hpp"
#include "radiomics/voxelwise/families.hpp"

namespace photo51::radiomics {
namespace {

constexpr const char* kGldm[] = {"DependenceEntropy",
                                 "DependenceNonUniformity",
                                 "DependenceNonUniformityNormalized",
                                 "DependenceVariance",
                                 "GrayLevelNonUniformity",
                                 "GrayLevelVariance",
                                 "HighGrayLevelEmphasis",
                                 "LargeDependenceEmphasis",
                                 "LargeDependenceHighGrayLevelEmphasis",
                                 "LargeDependenceLowGrayLevelEmphasis",
                                 "LowGrayLevelEmphasis",
                                 "SmallDependenceEmphasis",
                                 "SmallDependenceHighGrayLevelEmphasis",
                                 "SmallDependenceLowGrayLevelEmphasis"};
constexpr const char* kGlrlm[] = {"RunEntropy",
                                  "RunLengthNonUniformity",
                                  "RunLengthNonUniformityNormalized",
                                  "RunVariance",
                                  "GrayLevelNonUniformity",
                                  "GrayLevelVariance",
                                  "HighGrayLevelRunEmphasis",
                                  "LongRunEmphasis",
                                  "LongRunHighGrayLevelEmphasis",
                                  "LongRunLowGrayLevelEmphasis",
                                  "LowGrayLevelRunEmphasis",
                                  "ShortRunEmphasis",
                                  "ShortRunHighGrayLevelEmphasis",
                                  "ShortRunLowGrayLevelEmphasis",
                                  "GrayLevelNonUniformityNormalized",
                                  "RunPercentage"};
constexpr const char* kGlszm[] = {"ZoneEntropy",
                                  "SizeZoneNonUniformity",
                                  "SizeZoneNonUniformityNormalized",
                                  "ZoneVariance",
                                  "GrayLevelNonUniformity",
                                  "GrayLevelVariance",
                                  "HighGrayLevelZoneEmphasis",
                                  "LargeAreaEmphasis",
                                  "LargeAreaHighGrayLevelEmphasis",
                                  "LargeAreaLowGrayLevelEmphasis",
                                  "LowGrayLevelZoneEmphasis",
                                  "SmallAreaEmphasis",
                                  "SmallAreaHighGrayLevelEmphasis",
                                  "SmallAreaLowGrayLevelEmphasis",
                                  "GrayLevelNonUniformityNormalized",
                                  "ZonePercentage"};
constexpr size_t kSizeNames = 16;  ///< the three lists have one order; that of dependences ends earlier

/// Levels and sizes that occur in a cube. Cheap to empty: it remembers what it has touched.
class Sizes {
 public:
  Sizes(int32_t highest, size_t largest) : largest_(largest) {
    for (int32_t level = 0; level <= highest; ++level) level2_.push_back(static_cast<double>(level) * level);
    for (size_t size = 0; size <= largest; ++size) size2_.push_back(static_cast<double>(size * size));
    both_.resize((highest + 1) * (largest + 1), 0);
    levels_.resize(highest + 1, 0);
    sizes_.resize(largest + 1, 0);
  }

  void add(int32_t level, int32_t size) {
    const size_t place = level * (largest_ + 1) + size;
    if (both_[place]++ == 0) touched_.push_back({level, size});
    ++levels_[level];
    ++sizes_[size];
  }

  bool empty() const { return touched_.empty(); }

  /// Adds the features, in the order of the names, of what was added since the last time; `voxels` of them
  /// make the percentage.
  void add_features(double voxels, double* values) {
    SizeSums of;
    double level_squares = 0, size_squares = 0;
    for (const auto& [level, size] : touched_) {
      int32_t& both = both_[level * (largest_ + 1) + size];
      of.add(both, level, level2_[level], size, size2_[size]);
      both = 0;
      level_squares += static_cast<double>(levels_[level]) * levels_[level];
      size_squares += static_cast<double>(sizes_[size]) * sizes_[size];
      levels_[level] = sizes_[size] = 0;  // each is squared once
    }
    const double total = of.total;
    touched_.clear();
    const auto variance = [&](double second, double first) {
      return (second - first * first / total) / total;
    };
    const double results[kSizeNames] = {std::log2(total) - of.logs / total,
                                        size_squares / total,
                                        size_squares / (total * total),
                                        variance(of.large, of.sizes),
                                        level_squares / total,
                                        variance(of.high, of.levels),
                                        of.high / total,
                                        of.large / total,
                                        of.large_high / total,
                                        of.large_low / total,
                                        of.low / total,
                                        of.small / total,
                                        of.small_high / total,
                                        of.small_low / total,
                                        level_squares / (total * total),
                                        total / voxels};
    for (size_t i = 0; i < kSizeNames; ++i) values[i] += results[i];
  }

 private:
  struct Place {
    int32_t level, size;
  };
  size_t largest_;
  std::vector<double> level2_, size2_;
  std::vector<int32_t> both_, levels_, sizes_;
  std::vector<Place> touched_;
};

/// The levels of the cube around a voxel.
class CubeSizes : public CubeFamily {
 public:
  CubeSizes(const Levelled& image, const Cube& cube)
      : image_(image), cube_(cube), sizes_(image.highest, cube.voxels.size()), level_(cube.voxels.size()) {}
  void start(int64_t) override {}
  void step(int64_t) override {}

 protected:
  /// Reads the levels; how many count.
  double read(int64_t voxel) {
    int64_t count = 0;
    for (size_t i = 0; i < level_.size(); ++i) {
      level_[i] = image_.level[voxel + cube_.voxels[i]];
      count += level_[i] > 0;
    }
    return static_cast<double>(count);
  }

  const Levelled& image_;
  const Cube& cube_;
  Sizes sizes_;
  std::vector<int32_t> level_;
};

class CubeGldm final : public CubeSizes {
 public:
  using CubeSizes::CubeSizes;
  void values(int64_t voxel, double* values) override {
    const double count = read(voxel);
    dependence_.assign(level_.size(), 1);
    for (const CubePair& pair : cube_.pairs) {
      if (level_[pair.first] != level_[pair.second]) continue;
      ++dependence_[pair.first];
      ++dependence_[pair.second];
    }
    for (size_t i = 0; i < level_.size(); ++i)
      if (level_[i] > 0) sizes_.add(level_[i], dependence_[i]);
    double all[kSizeNames] = {};
    sizes_.add_features(count, all);
    std::copy_n(all, std::size(kGldm), values);
  }

 private:
  std::vector<int32_t> dependence_;
};

class CubeGlszm final : public CubeSizes {
 public:
  using CubeSizes::CubeSizes;
  void values(int64_t voxel, double* values) override {
    const double count = read(voxel);
    const auto n = static_cast<int32_t>(level_.size());
    parent_.resize(n);
    for (int32_t i = 0; i < n; ++i) parent_[i] = i;
    for (const CubePair& pair : cube_.pairs)
      if (level_[pair.first] == level_[pair.second]) parent_[root(pair.first)] = root(pair.second);
    size_.assign(n, 0);
    for (int32_t i = 0; i < n; ++i) ++size_[root(i)];
    for (int32_t i = 0; i < n; ++i)
      if (level_[i] > 0 && size_[i] > 0) sizes_.add(level_[i], size_[i]);
    std::fill(values, values + kSizeNames, 0);
    sizes_.add_features(count, values);
  }

 private:
  int32_t root(int32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  std::vector<int32_t> parent_, size_;
};

class CubeGlrlm final : public CubeSizes {
 public:
  using CubeSizes::CubeSizes;
  void values(int64_t voxel, double* values) override {
    const double count = read(voxel);
    std::fill(values, values + kSizeNames, 0);
    int directions = 0;
    for (const auto& lines : cube_.lines) {
      if (!add_runs(lines)) continue;
      sizes_.add_features(count, values);
      ++directions;
    }
    for (size_t i = 0; i < kSizeNames; ++i)
      values[i] = directions > 0 ? values[i] / directions : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  /// A direction in which no line has two voxels that count has no runs: then nothing is added.
  bool add_runs(const std::vector<std::vector<int32_t>>& lines) {
    const bool any = std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
      return std::count_if(line.begin(), line.end(), [&](int32_t i) { return level_[i] > 0; }) > 1;
    });
    if (!any) return false;
    for (const auto& line : lines) {
      for (size_t begin = 0; begin < line.size();) {
        size_t end = begin + 1;
        while (end < line.size() && level_[line[end]] == level_[line[begin]]) ++end;
        if (level_[line[begin]] > 0) sizes_.add(level_[line[begin]], static_cast<int32_t>(end - begin));
        begin = end;
      }
    }
    return true;
  }
};

}  // namespace

std::span<const char* const> gldm_map_names() {
  return kGldm;
}
std::unique_ptr<CubeFamily> make_cube_gldm(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeGldm>(image, cube);
}
std::span<const char* const> glrlm_map_names() {
  return kGlrlm;
}
std::unique_ptr<CubeFamily> make_cube_glrlm(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeGlrlm>(image, cube);
}
std::span<const char* const> glszm_map_names() {
  return kGlszm;
}
std::unique_ptr<CubeFamily> make_cube_glszm(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeGlszm>(image, cube);
}

}  // namespace photo51::radiomics
