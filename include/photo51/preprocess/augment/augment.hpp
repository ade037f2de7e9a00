#pragma once
/// Random changes of a training case. All numbers are drawn first, from counter-based streams keyed by
/// (seed, epoch, view, case, step), so that a case gets the same augmentation whatever the number of workers;
/// applying them is deterministic.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/core/sample_key.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/ops/resample.hpp"
#include "photo51/preprocess/augment/artefacts.hpp"
#include "photo51/preprocess/augment/options.hpp"
#include "photo51/preprocess/histopathology/stain.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::core {
class ThreadPool;
}

namespace photo51::preprocess {

/// Drawn numbers. The default changes nothing.
struct Augmentation {
  std::array<bool, 3> flip{false, false, false};  ///< x, y, z
  bool affine = false;                            ///< the next three are used
  std::array<double, 3> rotate{0, 0, 0};          ///< degrees about x, then y, then z
  double scale = 1;                               ///< magnification
  std::array<double, 3> translate{0, 0, 0};       ///< mm along x, y, z
  /// Where it has points: added to the place that a voxel reads, in mm along x, y, z.
  ops::DisplacementGrid elastic;
  /// One entry an image channel; channels past the end (the mask) keep their values.
  struct Channel {
    double zoom = 1, blur = 0;  ///< factor on the voxels; mm
    Motion motion;
    Ghosting ghosting;
    Spikes spikes;
    double contrast = 1, gamma = 1, gain = 1, shift = 0;
    std::vector<double> bias;  ///< see ops::PointwiseChange
    int64_t bias_order = 0;
    double noise = 0;  ///< standard deviation
    bool rician = false;
    uint64_t noise_seed = 0;
    bool drop = false;  ///< blanked: the loader marks the channel as absent
  };
  std::vector<Channel> channels;
  std::optional<ColorChange> colors;
  std::optional<HedJitter> stain;
  struct Hole {
    std::array<double, 3> centre{};  ///< x, y, z as a fraction of the image
    std::array<int64_t, 3> size{};   ///< voxels
  };
  std::vector<Hole> holes;
  double hole_fill = 0;
};

/// `present` has one entry an image channel (the mask is none): absent channels are never the one that
/// `drop_channel` spares.
Augmentation sample_augmentation(const AugmentOptions& options, const core::SampleKey& key,
                                 const std::string& case_id, const std::vector<bool>& present);
/// Exactly these axes mirrored and nothing else: test-time augmentation.
Augmentation flips(const std::vector<Axis>& axes);

/// The mirroring alone of `augmentation`, of values [C, D, H, W] of any type; these themselves where there is
/// none.
at::Tensor mirrored(const at::Tensor& prepared, const Augmentation& augmentation);

/// A part of a prepared case, in its voxels x, y, z; it may reach beyond the case.
struct Patch {
  std::array<int64_t, 3> corner{0, 0, 0}, size{0, 0, 0};
};
/// The grid of the patch of a case on `geometry`.
imaging::Geometry patch_grid(const imaging::Geometry& geometry, const Patch& patch);
/// That of the whole case.
Patch whole_patch(const imaging::Geometry& geometry);

/// Augments a prepared case [C, D, H, W] float32 (see `prepare`), which is left as it was; the result has the
/// shape of the case, or of `patch`: then that part alone is turned, about its own centre, and what it shows
/// comes from the whole case, in one resampling. Image channels are interpolated as `options.interpolation`
/// says, channels past `augmentation.channels` (when it has any) take the nearest voxel. What the map brings
/// in from outside is 0. `options.normalize` is not applied again; colors and stains are changed in the
/// picture's own 0..1, which it must be able to give back. A one-slice case only turns, moves and bends in
/// its plane. Error (usage): colors or stains to change and `options.normalize` is not `fixed`.
at::Tensor apply(const at::Tensor& prepared, const imaging::Geometry& geometry,
                 const Augmentation& augmentation, const PreprocessOptions& options,
                 const std::optional<Patch>& patch = std::nullopt);

/// Moves a map of classes [C, D, H, W] uint8 as `apply` moves the image of the same case: by the same map,
/// the nearest voxel. What comes from outside the case is `outside`.
at::Tensor apply_to_classes(const at::Tensor& classes, const imaging::Geometry& geometry,
                            const Augmentation& augmentation, const std::optional<Patch>& patch,
                            uint8_t outside);

/// The intensity part alone, in place: low resolution, blur, motion, ghosts, spikes; then in one pass
/// contrast, gamma, gain, shift, bias field, noise; holes and blanking.
void augment_intensities(at::Tensor& values, const std::array<double, 3>& spacing,
                         const Augmentation& augmentation, core::ThreadPool* pool = nullptr);

}  // namespace photo51::preprocess
