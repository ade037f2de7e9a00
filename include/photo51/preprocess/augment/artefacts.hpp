#pragma once
/// What goes wrong in acquisition, on one channel [D, H, W] float32 in place. Numbers are given, not drawn.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <vector>

namespace photo51::preprocess {

/// Gaussian smoothing by `sigma` mm along every axis, cut at 4 sigma, mirrored at the edge with the edge
/// voxel repeated (scipy.ndimage.gaussian_filter). An axis of one voxel stays.
void blur(at::Tensor& channel, const std::array<double, 3>& spacing, double sigma);

/// round(n * zoom) voxels along each axis (nearest), and back (linear), voxel edges aligned.
void simulate_low_resolution(at::Tensor& channel, double zoom);

/// Every `ghosts`-th plane of the centred k-space along `axis` (x, y, z = 0, 1, 2) times 1 - intensity, from
/// the first one on; the central plane stays.
struct Ghosting {
  int64_t ghosts = 0;
  size_t axis = 0;
  double intensity = 0;
};
void add_ghosts(at::Tensor& channel, const Ghosting& ghosting);

/// The patient moves at `times` (0 to 1 of the acquisition, ascending; k-space is filled along z, or along y
/// in one slice) to a pose `rotate` (degrees about x, then y, then z, about the centre) and `translate` (mm).
/// The centre of k-space is taken in the first pose (Shaw et al., MIDL 2019).
struct Motion {
  std::vector<double> times;
  std::vector<std::array<double, 3>> rotate, translate;
};
void add_motion(at::Tensor& channel, const std::array<double, 3>& spacing, const Motion& motion);

/// `intensity` times the spectrum's largest magnitude is added at `places`, fractions x, y, z of the centred
/// k-space; the real part stays.
struct Spikes {
  std::vector<std::array<double, 3>> places;
  double intensity = 0;
};
void add_spikes(at::Tensor& channel, const Spikes& spikes);

/// Of an image of three channels [3, D, H, W] in 0..1, in this order and clipped to 0..1 after each (as
/// torchvision's ColorJitter). Error (usage) for another number of channels.
struct ColorChange {
  double brightness = 1, contrast = 1, saturation = 1, hue = 0;
};
void change_colors(at::Tensor& image, const ColorChange& change);

}  // namespace photo51::preprocess
