#pragma once
/// Which anchors of an image the classes are learned of, where most show nothing (nnDetection, MONAI).

#include <ATen/core/Tensor.h>

#include "photo51/core/random.hpp"
#include "photo51/radiogenomics/detection/options.hpp"

namespace photo51::radiogenomics {

/// Anchors that learn a box, at random up to their part of `anchors`; of those that learn that there is none
/// (1 - f) / f times as many (one at least counts as positive), drawn from the pool of the highest scores.
/// `matches` [A] as in matching.hpp, `scores` [A]: the highest of an anchor's logits or probabilities.
/// Returns indices [S] int64, ascending, on the device of `matches`. Of equal scores the first come first.
at::Tensor sample_hard_negatives(const at::Tensor& matches, const at::Tensor& scores,
                                 const HardNegativeOptions& options, core::Random& random);

}  // namespace photo51::radiogenomics
