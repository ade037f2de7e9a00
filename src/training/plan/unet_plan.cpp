#include "photo51/training/plan/unet_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "radiomics/region/moments.hpp"

namespace photo51::training {
namespace {

using radiomics::percentile;
using Sizes = std::vector<int64_t>;

constexpr double anisotropic = 3;    ///< times as coarse, and as few voxels
constexpr int64_t smallest_map = 4;  ///< voxels an axis of the deepest stage
constexpr int64_t first_features = 32;
constexpr int64_t least_batch = 2;
constexpr double most_of_cohort = 0.05;

/// What the memory was measured with.
struct Reference {
  double maps, cube;
  int64_t batch, most_features;
};
constexpr double reference_gb = 8;
Reference reference_of(int64_t dims) {
  if (dims == 2) return {.maps = 85e6, .cube = 2048, .batch = 12, .most_features = 512};
  return {.maps = 560e6, .cube = 256, .batch = 2, .most_features = 320};
}

/// Half to even, as the published planner rounds.
double rounded(double value) {
  return std::nearbyint(value);
}

void check(const std::vector<CaseGrid>& grids, const UnetRequest& request) {
  if (grids.empty()) core::fail_usage("there is no image to plan a network for");
  for (const auto& grid : grids)
    for (size_t axis = 0; axis < 3; ++axis)
      if (!(grid.spacing[axis] > 0) || grid.size[axis] < 1)
        core::fail_usage("an image of " + std::to_string(grid.size[axis]) + " voxels of " +
                         core::format_number(grid.spacing[axis]) +
                         " mm along an axis cannot be planned for; sizes and spacings are above 0");
  if (request.dims != 2 && request.dims != 3)
    core::fail_usage("a network has 2 or 3 dimensions, not " + std::to_string(request.dims));
}

std::vector<double> along(const std::vector<CaseGrid>& grids, size_t axis, bool spacing) {
  std::vector<double> values;
  for (const auto& grid : grids)
    values.push_back(spacing ? grid.spacing[axis] : static_cast<double>(grid.size[axis]));
  return values;
}

std::vector<size_t> coarsest_first(const std::array<double, 3>& spacing) {
  const auto worst = static_cast<size_t>(std::max_element(spacing.begin(), spacing.end()) - spacing.begin());
  std::vector<size_t> axes{worst};
  for (size_t axis = 0; axis < 3; ++axis)
    if (axis != worst) axes.push_back(axis);
  return axes;
}

/// Of z, y, x at the target spacing.
std::array<double, 3> median_size(const std::vector<CaseGrid>& grids, const std::array<double, 3>& target) {
  std::array<double, 3> median{};
  for (size_t axis = 0; axis < 3; ++axis) {
    std::vector<double> sizes;
    for (const auto& grid : grids)
      sizes.push_back(rounded(grid.spacing[axis] / target[axis] * static_cast<double>(grid.size[axis])));
    median[axis] = percentile(sizes, 50);
  }
  return median;
}

double product(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 1.0, std::multiplies<>());
}
double product(const Sizes& values) {
  return std::accumulate(values.begin(), values.end(), 1.0,
                         [](double so_far, int64_t value) { return so_far * static_cast<double>(value); });
}

Sizes padded(const std::vector<double>& size, const Sizes& divisor) {
  Sizes found;
  for (size_t i = 0; i < size.size(); ++i) {
    const auto by = static_cast<double>(divisor[i]);
    found.push_back(static_cast<int64_t>(std::ceil(size[i] / by) * by));
  }
  return found;
}

/// A cube in mm, larger than is needed, and no larger than the median image.
std::vector<double> first_patch(const UnetPlan& plan, double cube) {
  const auto dims = static_cast<double>(plan.spacing.size());
  std::vector<double> inverse, patch;
  for (const double spacing : plan.spacing) inverse.push_back(1 / spacing);
  const double scale = std::pow(std::pow(cube, dims) / product(inverse), 1 / dims);
  for (size_t i = 0; i < inverse.size(); ++i)
    patch.push_back(std::min(rounded(inverse[i] * scale), plan.median_size[i]));
  return patch;
}

std::vector<double> as_doubles(const Sizes& sizes) {
  return {sizes.begin(), sizes.end()};
}

/// Takes over the pooling, and what follows from it.
Sizes take(UnetPlan& plan, const std::vector<double>& patch, const Reference& reference, int64_t classes) {
  Pooling pooling = pool_axes(plan.spacing, patch);
  plan.patch = padded(patch, pooling.divisor);
  plan.strides = std::move(pooling.strides);
  plan.kernels = std::move(pooling.kernels);
  plan.features.clear();
  for (size_t stage = 0; stage < plan.strides.size(); ++stage)
    plan.features.push_back(std::min(reference.most_features, first_features << std::min<size_t>(stage, 16)));
  plan.feature_maps = feature_maps_of(plan.patch, plan.strides, plan.features, classes);
  return pooling.divisor;
}

/// The axis that is largest beside the median image; of equal ones the last.
size_t largest_axis(const UnetPlan& plan) {
  size_t found = 0;
  const auto share = [&](size_t axis) {
    return static_cast<double>(plan.patch[axis]) / plan.median_size[axis];
  };
  for (size_t axis = 1; axis < plan.patch.size(); ++axis)
    if (share(axis) >= share(found)) found = axis;
  return found;
}

}  // namespace

std::array<double, 3> target_spacing(const std::vector<CaseGrid>& grids, bool& resampled) {
  std::array<double, 3> target{}, size{};
  for (size_t axis = 0; axis < 3; ++axis) {
    target[axis] = percentile(along(grids, axis, true), 50);
    size[axis] = percentile(along(grids, axis, false), 50);
  }
  const auto worst = static_cast<size_t>(std::max_element(target.begin(), target.end()) - target.begin());
  double finer = 0, fewest = INFINITY;
  for (size_t axis = 0; axis < 3; ++axis) {
    if (axis == worst) continue;
    finer = std::max(finer, target[axis]);
    fewest = std::min(fewest, size[axis]);
  }
  resampled = target[worst] > anisotropic * finer && size[worst] * anisotropic < fewest;
  if (resampled) {
    const double tenth = percentile(along(grids, worst, true), 10);
    target[worst] = tenth < finer ? finer + 1e-5 : tenth;
  }
  return target;
}

Pooling pool_axes(const std::vector<double>& spacing, const std::vector<double>& size) {
  const size_t dims = spacing.size();
  std::vector<double> voxel = spacing, left = size;
  Pooling pooling{.strides = {Sizes(dims, 1)}, .kernels = {}, .divisor = Sizes(dims, 1)};
  Sizes kernel(dims, 1);
  while (true) {
    std::vector<size_t> valid;
    double shortest = INFINITY;
    for (size_t axis = 0; axis < dims; ++axis) {
      if (left[axis] < 2 * smallest_map) continue;
      valid.push_back(axis);
      shortest = std::min(shortest, voxel[axis]);
    }
    std::erase_if(valid, [&](size_t axis) { return voxel[axis] / shortest >= 2; });
    if (valid.empty() || (valid.size() == 1 && left[valid[0]] < 3 * smallest_map)) break;
    const double finest = *std::min_element(voxel.begin(), voxel.end());
    for (size_t axis = 0; axis < dims; ++axis)
      if (voxel[axis] / finest < 2) kernel[axis] = 3;
    Sizes stride(dims, 1);
    for (const size_t axis : valid) {
      stride[axis] = 2;
      pooling.divisor[axis] *= 2;
      voxel[axis] *= 2;
      left[axis] = std::ceil(left[axis] / 2);
    }
    pooling.strides.push_back(stride);
    pooling.kernels.push_back(kernel);
  }
  pooling.kernels.emplace_back(dims, 3);  // the deepest stage sees along all axes
  return pooling;
}

double feature_maps_of(const Sizes& patch, const std::vector<Sizes>& strides, const Sizes& features,
                       int64_t classes) {
  std::vector<double> voxels;  // of each stage
  Sizes size = patch;
  for (const auto& stride : strides) {
    for (size_t axis = 0; axis < size.size(); ++axis) size[axis] /= stride[axis];
    voxels.push_back(product(size));
  }
  double maps = 0;
  for (size_t stage = 0; stage < strides.size(); ++stage) {
    const double one = voxels[stage] * static_cast<double>(features[stage]);
    maps += 2 * one;                                  // on the way down
    if (stage + 1 < strides.size()) maps += 3 * one;  // transposed convolution, and on the way up
  }
  return maps + (strides.size() > 1 ? voxels[0] * static_cast<double>(classes) : 0);
}

UnetPlan plan_unet(const std::vector<CaseGrid>& grids, const UnetRequest& request) {
  check(grids, request);
  UnetPlan plan;
  const auto target = target_spacing(grids, plan.resampled_to_10th);
  const auto median = median_size(grids, target);
  plan.axes = coarsest_first(target);
  const int64_t cases = request.cases > 0 ? request.cases : static_cast<int64_t>(grids.size());
  const double voxels = median[0] * median[1] * median[2] * static_cast<double>(cases);
  if (request.dims == 2)
    plan.axes.erase(plan.axes.begin());
  else if (median[plan.axes[0]] == 1)
    core::fail_usage("the images have one slice across their coarsest axis; plan in 2 dimensions");
  for (const size_t axis : plan.axes) {
    plan.spacing.push_back(target[axis]);
    plan.median_size.push_back(median[axis]);
  }
  const Reference reference = reference_of(request.dims);
  plan.allowed_maps = reference.maps * request.memory_gb / reference_gb;
  const double per_patch = static_cast<double>(reference.batch) / static_cast<double>(least_batch);
  Sizes divisor = take(plan, first_patch(plan, reference.cube), reference, request.classes);
  while (plan.feature_maps / per_patch > plan.allowed_maps) {
    const size_t axis = largest_axis(plan);
    // Pooling may change when the axis shrinks: the step is the one of the smaller patch, else sizes between
    // would be passed over.
    std::vector<double> smaller = as_doubles(plan.patch);
    smaller[axis] -= static_cast<double>(divisor[axis]);
    divisor = pool_axes(plan.spacing, smaller).divisor;
    std::vector<double> next = as_doubles(plan.patch);
    next[axis] -= static_cast<double>(divisor[axis]);
    if (next[axis] >= 1) divisor = take(plan, next, reference, request.classes);
    if (next[axis] < 1 || plan.strides.size() < 2)  // nothing is pooled any more
      core::fail_usage("not even the smallest patch fits into " + core::format_number(request.memory_gb) +
                       " GB; give the network more memory");
  }
  const double fits = rounded(plan.allowed_maps / plan.feature_maps * static_cast<double>(reference.batch));
  const double few = rounded(voxels * most_of_cohort / product(plan.patch));
  plan.batch_size = std::max(least_batch, static_cast<int64_t>(std::min(fits, few)));
  return plan;
}

}  // namespace photo51::training
