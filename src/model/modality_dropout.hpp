#pragma once
/// Inputs that training hides, so that a model learns to do without them.

#include <ATen/core/Tensor.h>

namespace photo51::model {

/// Blanks inputs of present cases with `probability` each. A case never loses all it has: the input with the
/// largest draw stays. `present`: [B, M] bool, on the host. Drawn from torch's default generator.
at::Tensor drop_inputs(const at::Tensor& present, double probability);

}  // namespace photo51::model
