#pragma once
/// Which values a label map has.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>

namespace photo51::imaging {

/// The values of voxels and how many have each; of more than `kMost` different ones, the first that came up.
struct LabelValues {
  static constexpr size_t kMost = 4096;

  std::map<double, int64_t> counts;
  int64_t nan = 0, infinite = 0;
  bool more = false;  ///< there are others

  size_t other_than_zero() const { return counts.size() - counts.count(0); }
  std::string list() const;  ///< the first of them, for messages
};
LabelValues label_values(const at::Tensor& data);

}  // namespace photo51::imaging
