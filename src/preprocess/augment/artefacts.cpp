#include "photo51/preprocess/augment/artefacts.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "photo51/core/error.hpp"
#include "photo51/ops/resample.hpp"
#include "preprocess/geometry/affine.hpp"

namespace photo51::preprocess {
namespace {

/// Axis x, y, z as a dimension of [D, H, W].
int64_t dimension_of(size_t axis) {
  return 2 - static_cast<int64_t>(axis);
}

/// Index in the centred spectrum to index in the FFT's order.
int64_t uncentred(int64_t index, int64_t count) {
  return (index - count / 2 + count) % count;
}

at::Tensor gaussian(double sigma, at::ScalarType type) {
  const auto radius = static_cast<int64_t>(4 * sigma + 0.5);
  const auto at = at::arange(-radius, radius + 1, at::kDouble);
  const auto weights = (at * at * (-0.5 / (sigma * sigma))).exp();
  return (weights / weights.sum()).to(type);
}

/// Indices -radius .. count + radius - 1 mirrored into the image, the edge voxel twice.
at::Tensor mirrored(int64_t count, int64_t radius) {
  const auto at = at::arange(-radius, count + radius, at::kLong).remainder(2 * count);
  return at::minimum(at, 2 * count - 1 - at);
}

}  // namespace

void blur(at::Tensor& channel, const std::array<double, 3>& spacing, double sigma) {
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t dimension = dimension_of(axis);
    const int64_t count = channel.size(dimension);
    const double voxels = sigma / spacing[axis];
    const auto radius = static_cast<int64_t>(4 * voxels + 0.5);
    if (radius == 0 || count == 1) continue;
    const auto weights = gaussian(voxels, at::kFloat);
    const auto wide = channel.index_select(dimension, mirrored(count, radius));
    channel.copy_(wide.narrow(dimension, radius, count)).mul_(weights[radius].item<double>());
    for (int64_t k = 1; k <= radius; ++k)
      channel.add_(wide.narrow(dimension, radius - k, count).add(wide.narrow(dimension, radius + k, count)),
                   weights[radius + k].item<double>());
  }
}

void simulate_low_resolution(at::Tensor& channel, double zoom) {
  std::array<int64_t, 3> size{};
  for (int64_t i = 0; i < 3; ++i)
    size[static_cast<size_t>(i)] = std::max<int64_t>(
        1, static_cast<int64_t>(std::nearbyint(static_cast<double>(channel.size(i)) * zoom)));
  const auto image = channel.unsqueeze(0).unsqueeze(0);
  const auto small = at::upsample_nearest3d(image, size);
  channel.copy_(at::upsample_trilinear3d(small, channel.sizes(), false).squeeze(0).squeeze(0));
}

void add_ghosts(at::Tensor& channel, const Ghosting& ghosting) {
  const int64_t dimension = dimension_of(ghosting.axis);
  const int64_t count = channel.size(dimension);
  if (ghosting.ghosts < 2 || ghosting.intensity == 0 || count == 1) return;
  // Planes across one axis: its own transform is enough.
  auto factors = at::ones({count}, at::kFloat);
  for (int64_t plane = 0; plane < count; plane += ghosting.ghosts)
    factors[uncentred(plane, count)] = 1 - ghosting.intensity;
  factors[0] = 1;
  std::vector<int64_t> shape{1, 1, 1};
  shape[static_cast<size_t>(dimension)] = count;
  const auto spectrum = at::fft_fft(channel, std::nullopt, dimension).mul_(factors.view(shape));
  channel.copy_(at::real(at::fft_ifft(spectrum, std::nullopt, dimension)));
}

void add_motion(at::Tensor& channel, const std::array<double, 3>& spacing, const Motion& motion) {
  if (motion.rotate.size() != motion.times.size() || motion.translate.size() != motion.times.size())
    core::fail_usage("add_motion: " + std::to_string(motion.times.size()) + " times need as many poses");
  imaging::Geometry geometry;
  geometry.size = {channel.size(2), channel.size(1), channel.size(0)};
  geometry.spacing = spacing;
  const int64_t dimension = channel.size(0) == 1 ? 1 : 0;
  const int64_t count = channel.size(dimension);
  std::vector<at::Tensor> spectra{at::fft_fft(channel, std::nullopt, dimension)};
  ops::ResampleOptions how;
  how.padding_value = channel.min().item<float>();
  for (size_t i = 0; i < motion.times.size(); ++i) {
    Augmentation pose;
    pose.affine = true;
    pose.rotate = motion.rotate[i];
    pose.translate = motion.translate[i];
    const auto moved = ops::resample(channel, augmentation_map(geometry, pose), geometry.size, how);
    spectra.push_back(at::fft_fft(moved, std::nullopt, dimension));
  }
  // The first pose takes the part of k-space that holds its centre.
  const auto after_half =
      std::find_if(motion.times.begin(), motion.times.end(), [](double t) { return t > 0.5; });
  std::swap(spectra[0], spectra[static_cast<size_t>(after_half - motion.times.begin())]);
  auto mixed = spectra[0].clone();
  const auto order = at::arange(count, at::kLong);
  const auto centred = (order + count / 2).remainder(count);  // of each index in the FFT's order
  for (size_t i = 0; i < motion.times.size(); ++i) {
    const auto from = static_cast<int64_t>(static_cast<double>(count) * motion.times[i]);
    const auto later = centred.ge(from).nonzero().squeeze(1);
    mixed.index_copy_(dimension, later, spectra[i + 1].index_select(dimension, later));
  }
  channel.copy_(at::real(at::fft_ifft(mixed, std::nullopt, dimension)));
}

void add_spikes(at::Tensor& channel, const Spikes& spikes) {
  if (spikes.places.empty() || spikes.intensity == 0) return;
  const double largest = at::fft_rfftn(channel).abs().max().item<double>();
  // One sample of k-space is one wave across the image: no inverse transform is needed.
  const double height = spikes.intensity * largest / static_cast<double>(channel.numel());
  for (const auto& place : spikes.places) {
    auto phase = at::zeros({1, 1, 1}, at::kFloat);
    for (size_t axis = 0; axis < 3; ++axis) {
      const int64_t count = channel.size(dimension_of(axis));
      const auto index =
          std::clamp<int64_t>(static_cast<int64_t>(place[axis] * static_cast<double>(count)), 0, count - 1);
      const auto turns = at::arange(count, at::kLong).mul_(uncentred(index, count)).remainder_(count);
      std::vector<int64_t> shape{1, 1, 1};
      shape[static_cast<size_t>(dimension_of(axis))] = count;
      phase = phase + (turns.to(at::kDouble) * (2 * std::numbers::pi / static_cast<double>(count)))
                          .to(at::kFloat)
                          .view(shape);
    }
    channel.add_(phase.cos_(), height);
  }
}

}  // namespace photo51::preprocess
