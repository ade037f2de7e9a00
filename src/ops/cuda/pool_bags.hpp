#pragma once
/// The operators of ragged bags for tensors on a GPU; on the CPU the same threads one after the other, for
/// tests.

#include "ops/bag_attention.hpp"
#include "ops/gated_scores.hpp"

namespace photo51::ops::cuda {

// As the operators of these names. Errors (run): no libphoto51_cuda beside libphoto51, a kernel that fails.
BagAttentionForward bag_attention;
BagAttentionBackward bag_attention_backward;
GatedScoresForward gated_scores;
GatedScoresBackward gated_scores_backward;

}  // namespace photo51::ops::cuda
