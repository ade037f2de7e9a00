#include "photo51/ops/distance.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "ops/cpu/distance.hpp"
#include "ops/mask_bytes.hpp"
#include "photo51/core/error.hpp"

namespace photo51::ops {

at::Tensor squared_distance(const at::Tensor& objects, std::span<const double> spacing, at::ScalarType type) {
  const MaskBytes bytes("squared_distance", objects);
  if (static_cast<int64_t>(spacing.size()) != objects.dim() ||
      !std::ranges::all_of(spacing, [](double step) { return step > 0; }))
    core::fail_usage("squared_distance: takes a spacing above 0 for each of the " +
                     std::to_string(objects.dim()) + " axes");
  if (type != at::kDouble && type != at::kFloat)
    core::fail_usage("squared_distance: computes float32 or float64, not " +
                     std::string(c10::toString(type)));
  std::array<double, 3> steps{1, 1, 1};
  std::ranges::copy(spacing, steps.end() - static_cast<std::ptrdiff_t>(spacing.size()));
  at::Tensor squared = at::empty(objects.sizes(), type);
  if (type == at::kDouble)
    cpu::squared_distance(bytes.data(), squared.mutable_data_ptr<double>(), bytes.size, steps);
  else
    cpu::squared_distance(bytes.data(), squared.mutable_data_ptr<float>(), bytes.size, steps);
  return squared;
}

}  // namespace photo51::ops
