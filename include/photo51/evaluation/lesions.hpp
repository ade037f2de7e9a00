#pragma once
/// How well each lesion of a mask is found and outlined: the lesion-wise scores of BraTS 2023.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace photo51::evaluation {

struct LesionOptions {
  /// Steps by which true lesions are dilated; those that then touch are one lesion, and a predicted one
  /// within reach finds it. BraTS takes 3 for gliomas and 1 for meningiomas and metastases, of its 1 mm
  /// voxels.
  int64_t dilation = 0;
  /// True lesions of at most so many mm³ (on a plane mm²) count nowhere, and what finds them is no false
  /// positive. BraTS takes 50, and 2 for metastases.
  double min_volume = 0;
  double missed_distance = 374;  ///< mm, the HD95 of a lesion that is missed or invented; that of BraTS
};

/// A true lesion, and what is predicted of it.
struct LesionScore {
  double volume = 0;  ///< mm³, on a plane mm²
  bool found = false;
  double dice = 0;  ///< of all predicted lesions that find it together
  double hd95 = 0;  ///< mm
};

struct LesionScores {
  std::vector<LesionScore> lesions;  ///< above `min_volume`, in the order of their first voxels
  int64_t found = 0, missed = 0;     ///< of them
  int64_t false_positives = 0;       ///< predicted lesions that find none

  /// Means over true lesions and false positives, which count as 0 and as `missed_distance`. With neither
  /// they are 1 and 0, as in BraTS.
  double dice = 1, hd95 = 0;
  double sensitivity = 0;  ///< found / (found + missed); NaN without lesions
  double precision = 0;    ///< found / (found + false_positives); NaN with neither
  double f1 = 0;           ///< 2 found / (2 found + missed + false_positives); NaN without any
};

/// Lesions are components whose voxels touch by faces, edges or corners. Masks, spacing and errors as in
/// segmentation.hpp; Error (usage) for a negative dilation too.
LesionScores lesion_scores(const at::Tensor& predicted, const at::Tensor& truth,
                           std::span<const double> spacing, const LesionOptions& options = {});

}  // namespace photo51::evaluation
