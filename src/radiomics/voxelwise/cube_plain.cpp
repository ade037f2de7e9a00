// First-order statistics and neighbourhood differences in a cube.
#include <algorithm>
#include <cmath>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "radiomics/voxelwise/families.hpp"

namespace photo51::radiomics {
namespace {

constexpr const char* kNgtdm[] = {"Busyness", "Coarseness", "Complexity", "Contrast", "Strength"};

double percentile_of_sorted(const std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(position);
  const double next = values[std::min(below + 1, values.size() - 1)];
  return values[below] + (position - static_cast<double>(below)) * (next - values[below]);
}

double mean_deviation(const std::vector<double>& values, double low, double high) {
  double sum = 0, count = 0, deviation = 0;
  for (const double value : values) {
    if (value < low || value > high) continue;
    sum += value;
    ++count;
  }
  for (const double value : values)
    if (value >= low && value <= high) deviation += std::abs(value - sum / count);
  return deviation / count;
}

class CubeFirstOrder final : public CubeFamily {
 public:
  CubeFirstOrder(const Levelled& image, const Cube& cube)
      : image_(image), cube_(cube), count_(image.highest + 1, 0) {}
  void start(int64_t) override {}
  void step(int64_t) override {}

  void values(int64_t voxel, double* values) override {
    sorted_.clear();
    double sum = 0, energy = 0, logs = 0, squares = 0;
    for (const int64_t offset : cube_.voxels) {
      const int32_t level = image_.level[voxel + offset];
      if (level == 0) continue;
      const double value = image_.intensity[voxel + offset];
      sorted_.push_back(value);
      sum += value;
      energy += (value + image_.shift) * (value + image_.shift);
      ++count_[level];
    }
    for (const int64_t offset : cube_.voxels) {
      int32_t& count = count_[image_.level[voxel + offset]];
      logs += times_log2(count);
      squares += static_cast<double>(count) * count;
      count = 0;
    }
    std::sort(sorted_.begin(), sorted_.end());
    const auto n = static_cast<double>(sorted_.size());
    const double mean = sum / n;
    double second = 0, third = 0, fourth = 0;
    for (const double value : sorted_) {
      const double off = value - mean, off2 = off * off;
      second += off2 / n;
      third += off2 * off / n;
      fourth += off2 * off2 / n;
    }
    const bool flat = sorted_.front() == sorted_.back();
    const auto at = [&](double q) { return percentile_of_sorted(sorted_, q); };
    const double results[] = {at(0.1),
                              at(0.9),
                              energy,
                              std::log2(n) - logs / n,
                              at(0.75) - at(0.25),
                              flat ? 0 : fourth / (second * second),
                              sorted_.back(),
                              mean,
                              mean_deviation(sorted_, sorted_.front(), sorted_.back()),
                              at(0.5),
                              sorted_.front(),
                              sorted_.back() - sorted_.front(),
                              mean_deviation(sorted_, at(0.1), at(0.9)),
                              std::sqrt(energy / n),
                              flat ? 0 : third / std::pow(second, 1.5),
                              energy * image_.grid.voxel_volume(),
                              squares / (n * n),
                              second};
    std::copy(std::begin(results), std::end(results), values);
  }

 private:
  const Levelled& image_;
  const Cube& cube_;
  std::vector<int32_t> count_;
  std::vector<double> sorted_;
};

class CubeNgtdm final : public CubeFamily {
 public:
  CubeNgtdm(const Levelled& image, const Cube& cube)
      : image_(image),
        cube_(cube),
        level_(cube.voxels.size()),
        count_(image.highest + 1, 0),
        difference_(image.highest + 1, 0) {}
  void start(int64_t) override {}
  void step(int64_t) override {}

  void values(int64_t voxel, double* values) override {
    double total = 0;
    for (size_t i = 0; i < level_.size(); ++i) level_[i] = image_.level[voxel + cube_.voxels[i]];
    neighbours_.assign(level_.size(), 0);
    sum_.assign(level_.size(), 0);
    for (const CubePair& pair : cube_.pairs) {
      const int32_t a = level_[pair.first], b = level_[pair.second];
      if (a == 0 || b == 0) continue;
      ++neighbours_[pair.first];
      ++neighbours_[pair.second];
      sum_[pair.first] += b;
      sum_[pair.second] += a;
    }
    present_.clear();
    for (size_t i = 0; i < level_.size(); ++i) {
      const int32_t level = level_[i];
      if (level == 0) continue;
      if (count_[level]++ == 0) present_.push_back(level);
      if (neighbours_[i] > 0)
        difference_[level] += std::abs(level - static_cast<double>(sum_[i]) / neighbours_[i]);
      ++total;
    }
    sum_up(total, values);
    for (const int32_t level : present_) count_[level] = difference_[level] = 0;
  }

 private:
  void sum_up(double total, double* values) const {
    double weighted = 0, differences = 0, busy = 0, complexity = 0, strength = 0, spread = 0;
    for (const int32_t i : present_) {
      const double p = count_[i] / total;
      weighted += p * difference_[i];
      differences += difference_[i];
      for (const int32_t j : present_) {
        const double q = count_[j] / total, apart = i - j;
        busy += std::abs(i * p - j * q);
        complexity += std::abs(apart) * (p * difference_[i] + q * difference_[j]) / (p + q);
        strength += (p + q) * apart * apart;
        spread += p * q * apart * apart;
      }
    }
    const auto levels = static_cast<double>(present_.size());
    constexpr double kCoarsest = 1e6;  // of a cube without differences
    values[0] = busy > 0 ? weighted / busy : 0;
    values[1] = weighted > 0 ? 1 / weighted : kCoarsest;
    values[2] = complexity / total;
    values[3] = levels > 1 ? spread * differences / total / (levels * (levels - 1)) : 0;
    values[4] = differences > 0 ? strength / differences : 0;
  }

  const Levelled& image_;
  const Cube& cube_;
  std::vector<int32_t> level_, neighbours_, sum_, present_;
  std::vector<double> count_, difference_;
};

}  // namespace

std::span<const char* const> first_order_map_names() {
  return pyradiomics::kFirstOrderNames;
}
std::unique_ptr<CubeFamily> make_cube_first_order(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeFirstOrder>(image, cube);
}
std::span<const char* const> ngtdm_map_names() {
  return kNgtdm;
}
std::unique_ptr<CubeFamily> make_cube_ngtdm(const Levelled& image, const Cube& cube) {
  return std::make_unique<CubeNgtdm>(image, cube);
}

}  // namespace photo51::radiomics
