#pragma once
/// Means of features over matrices.

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace photo51::radiomics {

/// The mean of feature vectors, each of which may be undefined (NaN) in places.
class Mean {
 public:
  explicit Mean(size_t features) : sum_(features, 0), count_(features, 0) {}
  void add(const std::vector<double>& values) {
    for (size_t i = 0; i < sum_.size(); ++i) {
      if (std::isnan(values[i])) continue;
      sum_[i] += values[i];
      ++count_[i];
    }
  }
  std::vector<double> value() const {
    std::vector<double> result(sum_.size(), std::numeric_limits<double>::quiet_NaN());
    for (size_t i = 0; i < sum_.size(); ++i)
      if (count_[i] > 0) result[i] = sum_[i] / static_cast<double>(count_[i]);
    return result;
  }

 private:
  std::vector<double> sum_;
  std::vector<int64_t> count_;
};

}  // namespace photo51::radiomics
