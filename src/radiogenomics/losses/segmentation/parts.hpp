#pragma once
/// What the losses of segmentation have in common. Sums over places leave [B, K].

#include <ATen/core/Tensor.h>

#include <vector>

#include "photo51/radiogenomics/losses/segmentation_options.hpp"

namespace photo51::radiogenomics::losses {

/// Logits and labels, checked and brought to the type that is computed in.
struct Places {
  /// `name` of the loss, for errors, which are those of SegmentationLoss. `weight` of classes or none.
  Places(const char* name, const at::Tensor& logits, const at::Tensor& labels,
         const std::vector<double>& weight);

  at::Tensor sum(const at::Tensor& values) const { return values.sum(axes); }
  /// The same with 0 at unknown places; `values` [B, K or 1, ...].
  at::Tensor known_sum(const at::Tensor& values) const;

  at::Tensor logits;          ///< [B, K, ...], float32 or float64
  at::Tensor log_p;           ///< their log softmax
  at::Tensor labels;          ///< [B, 1, ...] int64, 0 at unknown places
  at::Tensor known;           ///< [B, 1, ...] bool; undefined where all are
  at::Tensor is_class;        ///< [B, K, ...] bool, nothing at unknown places
  at::Tensor count;           ///< [B], known places of each image, at least 1
  at::Tensor weight;          ///< [K]; undefined where there are none
  std::vector<int64_t> axes;  ///< those of space
  int64_t classes = 0;
};

/// 1 - Dice of each image [B], the mean over the classes.
at::Tensor dice_loss(const Places& places, const SoftDiceOptions& options);
/// Cross entropy of each image [B].
at::Tensor cross_entropy(const Places& places, double label_smoothing);
/// Focal loss of each image [B], the mean over places and classes.
at::Tensor focal_loss(const Places& places, const FocalOptions& options);
/// lambda_dice * dice_loss + lambda_ce * cross_entropy.
at::Tensor region_loss(const Places& places, const DiceCeOptions& options);

/// What a score a class [B, K] makes of each image [B]: weighted, without the background unless it counts,
/// the mean over the classes. [1, K] is for the whole batch.
at::Tensor mean_of_classes(const Places& places, at::Tensor score, bool include_background);
/// `sums` [B, K] over the batch, [1, K], with `batch`.
at::Tensor over_batch(const at::Tensor& sums, bool batch);

}  // namespace photo51::radiogenomics::losses
