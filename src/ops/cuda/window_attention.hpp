#pragma once
/// The operator photo51::window_attention for tensors on a GPU; on the CPU the same threads one after the
/// other, for tests.

#include "ops/window_attention.hpp"

namespace photo51::ops::cuda {

// As the operators of these names. Errors (usage): what ops::window_attention says, or heads and windows too
// large for what a block of threads shares; (run): no libphoto51_cuda beside libphoto51, a kernel that fails.
WindowAttentionForward window_attention;
WindowAttentionBackward window_attention_backward;

}  // namespace photo51::ops::cuda
