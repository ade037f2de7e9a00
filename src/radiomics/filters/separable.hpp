#pragma once
/// Filters whose kernels are products of kernels along the axes.

#include <vector>

#include "radiomics/filters/patch.hpp"

namespace photo51::radiomics {

/// One kernel an axis (z, y, x); an empty one leaves the axis as it is.
using Stage = std::array<Kernel, 3>;
/// Stages one after the other; each meets the image's edge anew.
using Chain = std::vector<Stage>;

enum class Pooling { mean, max, min, sum };
Pooling pooling_from(ResponsePooling option);

/// Several chains of as many stages, and how their responses become one.
struct Chains {
  std::vector<Chain> chains;
  Pooling pooling = Pooling::mean;
  Boundary boundary = Boundary::mirror;
};

/// What each stage reads for the response on `window`, and `window` at the end.
std::vector<Window> stage_windows(const Chains& filter, const Grid& image, const Window& window);

/// The pooled response on `window`; a pass that several chains share is done once.
std::vector<double> respond(const Chains& filter, const Patch& patch, const Window& window);

/// A kernel to convolve with (weight of the voxel at i - j) as one to correlate with; an even one becomes odd
/// with a zero at its end, as IBSI-2 asks.
Kernel convolving(std::vector<double> weights);

/// The chains of all right-angle rotations of one whose kernels lie along x, y (and z): 4 or 24, less those
/// that are equal.
std::vector<Chain> rotations(const Chain& chain, bool in_plane);

}  // namespace photo51::radiomics
