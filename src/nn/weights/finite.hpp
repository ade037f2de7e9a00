#pragma once
/// Whether values are numbers.

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

/// Error (data) that names the tensor: a floating value is NaN or infinite.
void require_finite(const Tensors& tensors);

}  // namespace photo51::nn
