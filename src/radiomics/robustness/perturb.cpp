#include "photo51/radiomics/robustness/perturb.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/ops/resample.hpp"
#include "radiomics/filters/separable.hpp"
#include "radiomics/filters/wavelets.hpp"
#include "radiomics/region/region.hpp"
#include "radiomics/robustness/supervoxels.hpp"

namespace photo51::radiomics {
namespace {

/// The region's grid, image and mask while they are perturbed.
struct PerturbedScene {
  imaging::Geometry geometry;
  Grid grid;
  std::vector<double> intensity;
  Mask mask;
};

std::vector<double> to_doubles(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kDouble).contiguous();
  const auto* data = values.const_data_ptr<double>();
  return {data, data + values.numel()};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Diagonal details of each slice (coif1), their median magnitude over that of a standard normal number.
double noise_of(const std::vector<double>& values, const Grid& grid) {
  const Kernel high = convolving(wavelet_high_pass(wavelet_low_pass("coif1")));
  const Chains details{{{{Kernel{}, high, high}}}, Pooling::mean, Boundary::mirror};
  const Patch patch{grid, whole_window(grid), values};
  std::vector<double> response = respond(details, patch, patch.window);
  for (double& value : response) value = std::abs(value);
  return median(std::move(response)) / 0.6744897501960817;
}

/// A new grid, and the map from its voxels to those of the image.
struct Placing {
  imaging::Geometry geometry;
  ops::AffineMap map;
};

/// The voxels inside, x, y, z.
struct PerturbedExtent {
  std::array<double, 3> low{}, high{};
};

PerturbedExtent extent_of(const at::Tensor& mask) {
  const at::Tensor voxels = mask.nonzero();  // z, y, x
  if (voxels.size(0) == 0) core::fail_data("the mask is empty");
  const at::Tensor first = std::get<0>(voxels.min(0)), last = std::get<0>(voxels.max(0));
  PerturbedExtent extent;
  for (int axis = 0; axis < 3; ++axis) {
    extent.low[axis] = static_cast<double>(first[2 - axis].item<int64_t>());
    extent.high[axis] = static_cast<double>(last[2 - axis].item<int64_t>());
  }
  return extent;
}

/// A grid of `spacing`, turned and moved, that covers the extent and `margin` mm around it.
Placing place(const imaging::Geometry& old, const PerturbedExtent& extent, const Perturbation& how,
              const std::vector<double>& spacing, double margin) {
  Placing result;
  imaging::Geometry& grid = result.geometry;
  std::array<double, 3> length{}, centre{}, step{}, first{};  // mm; the others in voxels of the image
  for (int axis = 0; axis < 3; ++axis) {
    grid.spacing[axis] = spacing.empty() || spacing[axis] == 0 ? old.spacing[axis] : spacing[axis];
    step[axis] = grid.spacing[axis] / old.spacing[axis];
    centre[axis] = (extent.low[axis] + extent.high[axis]) / 2;
    length[axis] = (extent.high[axis] - extent.low[axis] + 1) * old.spacing[axis] + 2 * margin;
  }
  if (how.rotation != 0) length[0] = length[1] = std::hypot(length[0], length[1]);
  for (int axis = 0; axis < 3; ++axis) {
    grid.size[axis] =
        old.size[axis] == 1 ? 1 : static_cast<int64_t>(std::ceil(length[axis] / grid.spacing[axis]));
    // Of the first voxel from the centre. Voxels stay on those of the image where they are as large.
    const int64_t middle = grid.size[axis] / 2;
    first[axis] = (how.translation[axis] - static_cast<double>(middle)) * step[axis];
    if (step[axis] == 1) first[axis] += std::floor(centre[axis]) - centre[axis];
  }
  const double angle = how.rotation * M_PI / 180, aspect = old.spacing[1] / old.spacing[0];
  const std::array<double, 9> turn{
      std::cos(angle), -std::sin(angle) * aspect, 0, std::sin(angle) / aspect, std::cos(angle), 0, 0, 0, 1};
  for (int row = 0; row < 3; ++row) {
    result.map.offset[row] = centre[row];
    for (int column = 0; column < 3; ++column) {
      result.map.matrix[3 * row + column] = turn[3 * row + column] * step[column];
      result.map.offset[row] += turn[3 * row + column] * first[column];
      double direction = 0;  // the old axes, turned in mm
      for (int k = 0; k < 3; ++k)
        direction += old.direction[3 * row + k] * turn[3 * k + column] * old.spacing[k] / old.spacing[column];
      grid.direction[3 * row + column] = direction;
    }
  }
  grid.origin = old.to_world(result.map.offset);
  return result;
}

PerturbedScene scene_on(const Placing& placing, const at::Tensor& image, const at::Tensor& mask) {
  PerturbedScene scene;
  scene.geometry = placing.geometry;
  const auto& size = placing.geometry.size;
  const auto& spacing = placing.geometry.spacing;
  scene.grid = {{size[2], size[1], size[0]}, {spacing[2], spacing[1], spacing[0]}};
  ops::ResampleOptions options;
  options.interpolation = ops::Interpolation::cubic;
  options.padding = ops::Padding::border;
  scene.intensity = to_doubles(ops::resample(image, placing.map, size, options));
  options.interpolation = ops::Interpolation::linear;
  options.padding = ops::Padding::value;
  const at::Tensor cover = ops::resample(mask.to(at::kFloat).unsqueeze(0), placing.map, size, options);
  const at::Tensor inside = cover.ge(0.5 - 1e-6).to(at::kByte).contiguous();
  scene.mask.assign(inside.const_data_ptr<uint8_t>(), inside.const_data_ptr<uint8_t>() + inside.numel());
  return scene;
}

/// Depth of voxels in the region, negative outside, in mm.
std::vector<double> signed_distance(const Mask& mask, const Grid& grid) {
  Mask outside = mask;
  for (uint8_t& value : outside) value = !value;
  std::vector<double> depth = distance_to_outside(mask, grid, true);
  const std::vector<double> height = distance_to_outside(outside, grid, false);
  for (size_t i = 0; i < depth.size(); ++i) depth[i] -= height[i];
  return depth;
}

int64_t count(const Mask& mask) {
  return std::accumulate(mask.begin(), mask.end(), int64_t{0});
}

/// The region with `share` more voxels (fewer for a negative one): the nearest, at random among equally near.
void resize(PerturbedScene& scene, double share, core::Random& random) {
  const std::vector<double> depth = signed_distance(scene.mask, scene.grid);
  const auto wanted = std::clamp<int64_t>(std::llround(static_cast<double>(count(scene.mask)) * (1 + share)),
                                          0, static_cast<int64_t>(depth.size()));
  std::vector<int64_t> order = random.permutation(static_cast<int64_t>(depth.size()));
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return depth[a] > depth[b]; });
  scene.mask.assign(depth.size(), 0);
  for (int64_t i = 0; i < wanted; ++i) scene.mask[order[i]] = 1;
}

void move_outline(PerturbedScene& scene, double deviation, core::Random& random) {
  std::vector<double> field(scene.mask.size());
  for (double& value : field) value = random.normal();
  constexpr double kSmoothness = 5;  // mm
  smooth(field, scene.grid, kSmoothness);
  const double norm = std::sqrt(std::inner_product(field.begin(), field.end(), field.begin(), 0.0) /
                                static_cast<double>(field.size()));
  const std::vector<double> depth = signed_distance(scene.mask, scene.grid);
  for (size_t i = 0; i < field.size(); ++i) {
    // Distances are between centres: the outline lies half a voxel nearer.
    const double half = (depth[i] > 0 ? -0.5 : 0.5) * scene.grid.spacing[2];
    scene.mask[i] = depth[i] + half + deviation * field[i] / norm > 0;
  }
}

void redraw(PerturbedScene& scene, core::Random& random) {
  double sum = 0, squares = 0, inside = 0;
  for (size_t i = 0; i < scene.mask.size(); ++i) {
    if (!scene.mask[i]) continue;
    sum += scene.intensity[i];
    squares += scene.intensity[i] * scene.intensity[i];
    ++inside;
  }
  if (inside == 0) return;
  const double deviation = std::sqrt(std::max(0.0, squares / inside - sum * sum / (inside * inside)));
  constexpr double kEdge = 5;  // mm: pieces of about 0.1 ml
  const std::vector<int32_t> label = supervoxels(scene.intensity, scene.grid, kEdge, deviation);
  const int32_t labels = *std::max_element(label.begin(), label.end()) + 1;
  std::vector<double> all(labels, 0), drawn(labels, 0);
  for (size_t i = 0; i < label.size(); ++i) {
    ++all[label[i]];
    drawn[label[i]] += scene.mask[i];
  }
  // Pieces that are nearly all in or out stay so.
  std::vector<uint8_t> taken(labels, 0);
  for (int32_t i = 0; i < labels; ++i) {
    const double share = all[i] > 0 ? drawn[i] / all[i] : 0;
    const bool drawn_in = random.chance(share);
    taken[i] = share >= 0.9 || (share >= 0.2 && drawn_in);
  }
  for (size_t i = 0; i < label.size(); ++i) scene.mask[i] = taken[label[i]];
}

}  // namespace

std::span<const std::string_view> enum_names(Contour) {
  static constexpr std::array<std::string_view, 3> names{"kept", "supervoxels", "distance"};
  return names;
}

std::vector<Perturbation> combinations(const PerturbationGrid& grid) {
  std::vector<Perturbation> result;
  for (const double noise : grid.noise)
    for (const double rotation : grid.rotation)
      for (const double move : grid.translation)
        for (const double volume : grid.volume)
          for (const Contour contour : grid.contour)
            result.push_back({.noise = noise,
                              .rotation = rotation,
                              .translation = {move, move, move},
                              .volume = volume,
                              .contour = contour,
                              .seed = grid.seed + result.size()});
  return result;
}

double noise_deviation(const imaging::Volume& image) {
  const at::Tensor data = image.data[0];
  const auto& spacing = image.geometry.spacing;
  return noise_of(to_doubles(data),
                  {{data.size(0), data.size(1), data.size(2)}, {spacing[2], spacing[1], spacing[0]}});
}

std::pair<imaging::Volume, imaging::Volume> perturbed(const imaging::Volume& image,
                                                      const imaging::Volume& mask,
                                                      const Perturbation& perturbation,
                                                      const std::vector<double>& spacing, double margin) {
  if (!image.geometry.matches(mask.geometry))
    core::fail_data(mask.source + ": the mask does not lie on the grid of " + image.source);
  core::Random random({perturbation.seed, core::hash_key("perturbation")});
  imaging::Volume noisy = image;
  const at::ScalarType type = image.data.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  if (perturbation.noise > 0) {
    const double deviation = perturbation.noise * noise_deviation(image);
    const auto add = [&]<class Voxel>(Voxel* values) {
      for (int64_t i = 0; i < noisy.data.numel(); ++i)
        values[i] += static_cast<Voxel>(deviation * random.normal());
    };
    noisy.data = image.data.to(type, false, /*copy=*/true).contiguous();
    type == at::kDouble ? add(noisy.data.data_ptr<double>()) : add(noisy.data.data_ptr<float>());
  }
  const at::Tensor inside = mask.data[0].ne(0);
  const Placing placing = place(image.geometry, extent_of(inside), perturbation, spacing, margin);
  PerturbedScene scene = scene_on(placing, noisy.data, inside);
  if (perturbation.volume != 0) resize(scene, perturbation.volume, random);
  if (perturbation.contour == Contour::distance) move_outline(scene, perturbation.contour_deviation, random);
  if (perturbation.contour == Contour::supervoxels) redraw(scene, random);
  if (count(scene.mask) == 0)
    core::fail_data(mask.source + ": the perturbation leaves nothing of the region");
  std::pair<imaging::Volume, imaging::Volume> result{image, mask};
  const std::vector<int64_t> shape{1, scene.grid.size[0], scene.grid.size[1], scene.grid.size[2]};
  result.first.data =
      at::from_blob(scene.intensity.data(), shape, at::kDouble).to(type, false, /*copy=*/true);
  result.second.data = at::from_blob(scene.mask.data(), shape, at::kByte).clone();
  result.first.geometry = result.second.geometry = scene.geometry;
  return result;
}

std::vector<std::vector<Feature>> features_under(const imaging::Volume& image, const imaging::Volume& mask,
                                                 const Settings& settings,
                                                 const std::vector<Perturbation>& perturbations,
                                                 core::ThreadPool* pool) {
  Settings unspaced = settings;
  unspaced.spacing.clear();
  std::vector<std::vector<Feature>> result(perturbations.size());
  const auto compute = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      try {
        const auto [moved, region] = perturbed(image, mask, perturbations[i], settings.spacing);
        result[i] = extract(moved, region, unspaced);
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
      }
    }
  };
  const auto total = static_cast<int64_t>(perturbations.size());
  if (pool != nullptr)
    pool->parallel_for(total, 1, compute);
  else
    compute(0, total);
  const auto found = std::find_if(result.begin(), result.end(), [](const auto& row) { return !row.empty(); });
  if (found == result.end()) core::fail_data(mask.source + ": no perturbation leaves anything of the region");
  std::vector<Feature> absent = *found;
  for (Feature& feature : absent) feature.value = std::numeric_limits<double>::quiet_NaN();
  for (auto& row : result)
    if (row.empty()) row = absent;
  return result;
}

}  // namespace photo51::radiomics
