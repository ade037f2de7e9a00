#pragma once
/// The operator photo51::norm_act for tensors on a GPU; on the CPU the same threads one after the other, for
/// tests.

#include "ops/norm_act.hpp"

namespace photo51::ops::cuda {

// As the operators of these names. Errors (usage): what ops::norm_act says; (run): no libphoto51_cuda beside
// libphoto51, a kernel that fails.
NormActForward norm_act;
NormActBackward norm_act_backward;

}  // namespace photo51::ops::cuda
