#pragma once
/// Losses of segmentation: an open table, and what its rows make.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "photo51/config/components.hpp"

namespace photo51::radiogenomics {

/// A loss an image. It keeps no state and may be called from several threads.
///
/// An image's loss is what MONAI's class gives for it alone (with `batch`: the Dice part for all together),
/// so that the mean over the batch is MONAI's mean, save where class weights or unknown places give its
/// images unequal shares of a cross entropy that is averaged over the batch.
class SegmentationLoss {
 public:
  virtual ~SegmentationLoss() = default;
  /// `logits` [B, K, [D,] H, W], of which the softmax over K >= 2 classes is taken; class 0 is the
  /// background. `labels` int64 [B, [D,] H, W] on the same device: below K, or -1 at a place that is not
  /// known, which counts nowhere. Returns [B], float64 for float64 and else float32, differentiable in
  /// `logits`; 0 for an image without a known place (with `batch` it still has the Dice of all). Error (run):
  /// shapes or types that do not fit. Error (usage): weights or spacings that are not as many as classes or
  /// axes.
  virtual at::Tensor operator()(const at::Tensor& logits, const at::Tensor& labels) const = 0;
};

using BuildSegmentationLoss = std::shared_ptr<const SegmentationLoss> (*)(const config::Choice& loss);
/// dice_ce, focal, dice_focal, tversky, boundary. Open: other code adds its own, see config/components.hpp.
config::Catalogue<BuildSegmentationLoss>& segmentation_losses();

/// Error (usage) for a name that is not in the table.
std::shared_ptr<const SegmentationLoss> make_segmentation_loss(const config::Choice& loss);

/// Weights of `outputs` (above 0) outputs, finest first, of which each has half the weight of the one before;
/// their sum is 1. nnU-Net weighs so all but its coarsest output, which it does not ask.
std::vector<double> deep_supervision_weights(int64_t outputs);

}  // namespace photo51::radiogenomics
