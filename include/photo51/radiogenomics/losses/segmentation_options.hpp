#pragma once
/// The options of the losses of segmentation. Names, formulas and defaults are MONAI's.

#include <optional>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::radiogenomics {

/// Soft Dice of each class, as dice_ce, dice_focal and boundary have it.
struct SoftDiceOptions {
  bool include_background = true;  ///< class 0 has a Dice too
  bool batch = false;              ///< sums run over the batch, so that all its images have one Dice
  bool squared_pred = false;       ///< squares in the denominator (Milletari et al. 2016)
  bool jaccard = false;            ///< intersection over union in place of Dice
  double smooth_nr = 1e-5;         ///< added to the numerator
  double smooth_dr = 1e-5;         ///< added to the denominator
};

/// lambda_dice * (1 - Dice) + lambda_ce * cross entropy (Isensee et al. 2021,
/// doi:10.1038/s41592-020-01008-z).
struct DiceCeOptions {
  SoftDiceOptions dice;
  double lambda_dice = 1, lambda_ce = 1;
  std::vector<double> weight;  ///< of each class, in both parts; empty = 1
  double label_smoothing = 0;  ///< of the cross entropy
};
void describe(config::Fields& f, DiceCeOptions& o);

/// Focal loss (Lin et al. 2017, arXiv 1708.02002), the mean over places and classes of
/// -(1 - p)^gamma log p for the class that a place has; with sigmoids, for what is so of each class.
struct FocalOptions {
  bool include_background = true;  ///< class 0 counts too; false only with sigmoids
  double gamma = 2;
  /// With a softmax the factor of all classes but the background, which has 1 - alpha; with sigmoids that of
  /// each class where it is, with 1 - alpha where it is not. Absent = 1.
  std::optional<double> alpha = {};
  std::vector<double> weight = {};  ///< of each class; empty = 1
  bool use_softmax = true;          ///< unlike MONAI's default: prediction takes the softmax
};
void describe(config::Fields& f, FocalOptions& o);

/// lambda_dice * (1 - Dice) + lambda_focal * focal loss. MONAI's takes the sigmoids, and so does this one
/// with `use_softmax: false`, where `include_background` is for both parts.
struct DiceFocalOptions {
  SoftDiceOptions dice;
  double lambda_dice = 1, lambda_focal = 1;
  double gamma = 2;
  std::optional<double> alpha;
  std::vector<double> weight;  ///< of each class, in both parts; empty = 1
  bool use_softmax = true;     ///< of the focal loss
};
void describe(config::Fields& f, DiceFocalOptions& o);

/// 1 - Tversky index (Salehi et al. 2017, arXiv 1706.05721).
struct TverskyOptions {
  double alpha = 0.5;  ///< of false positives
  double beta = 0.5;   ///< of false negatives
  bool include_background = true;
  bool batch = false;  ///< sums run over the batch
  double smooth_nr = 1e-5, smooth_dr = 1e-5;
};
void describe(config::Fields& f, TverskyOptions& o);

/// dice_ce + lambda_boundary * the mean over places and classes of probability times signed distance to the
/// class's outline, negative within (Kervadec et al. 2019, arXiv 1812.07032).
struct BoundaryOptions {
  DiceCeOptions region;
  double lambda_boundary = 0.01;
  std::vector<double> spacing;  ///< z, y, x (or y, x) mm between the places of a patch; empty = 1 each
};
void describe(config::Fields& f, BoundaryOptions& o);

}  // namespace photo51::radiogenomics
