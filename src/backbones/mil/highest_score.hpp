#pragma once
/// Scores of instances by class, of which the highest is the bag's: mi-Net (Wang et al. 2018), DSMIL's first
/// stream (Li et al. 2021).

#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {

/// How many scores an instance has: one a class, of two classes one, of the second.
inline int64_t scores_of_classes(int64_t classes) {
  return classes == 2 ? 1 : classes;
}

/// Adds the loss `max` of the bags' highest scores [B, scores]: cross-entropy of each score, mean over those
/// of the bags whose class is known. Nothing where there are none, where classes are undefined or at weight
/// 0.
void teach_highest_scores(BagPool::Pooled& pooled, const at::Tensor& highest, const at::Tensor& classes,
                          double weight);

}  // namespace photo51::backbones
