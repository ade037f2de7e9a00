#pragma once
/// Random changes of a training case. All numbers are drawn first, from counter-based streams keyed by (seed,
/// epoch, case, step), so that a case gets the same augmentation whatever the number of workers; applying
/// them is deterministic.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

/// Drawn numbers. The default changes nothing.
struct Augmentation {
  std::array<bool, 3> flip{false, false, false};  ///< x, y, z
  bool affine = false;                            ///< the next three are used
  std::array<double, 3> rotate{0, 0, 0};          ///< degrees about x, then y, then z
  double scale = 1;                               ///< magnification
  std::array<double, 3> translate{0, 0, 0};       ///< mm along x, y, z
  /// One entry an image channel; channels past the end (the mask) keep their values.
  struct Channel {
    double gamma = 1, gain = 1, shift = 0;
    double noise = 0;  ///< standard deviation
    uint64_t noise_seed = 0;
    bool drop = false;  ///< blanked: the loader marks the channel as absent
  };
  std::vector<Channel> channels;
};

/// `present` has one entry an image channel (the mask is none): absent channels are never the one that
/// `drop_channel` spares.
Augmentation draw(const AugmentOptions& options, int64_t seed, int64_t epoch, const std::string& case_id,
                  const std::vector<bool>& present);
/// Exactly these axes ("x", "y", "z") mirrored and nothing else: test-time augmentation. Error (usage) for
/// another name.
Augmentation flips(const std::vector<std::string>& axes);

/// Augments a prepared case [C, D, H, W] float32 (see `prepare`), which is left as it was; the result has the
/// same shape. Image channels are interpolated linearly (or by `options.interpolation`), channels past
/// `augmentation.channels` (when it has any) take the nearest voxel. What the affine map brings in from
/// outside is 0. `options.normalize` is not applied again. A one-slice case only turns and moves in its
/// plane.
at::Tensor apply(const at::Tensor& prepared, const imaging::Geometry& geometry,
                 const Augmentation& augmentation, const PreprocessOptions& options);

/// The intensity part alone, in place: gamma, gain, shift, noise, blanking, in this order.
void augment_intensities(at::Tensor& values, const Augmentation& augmentation);

}  // namespace photo51::preprocess
