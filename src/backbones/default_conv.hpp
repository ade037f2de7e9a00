#pragma once
/// Convolutions with torch.nn's initial values, which MONAI's networks keep.

#include <memory>

#include "photo51/nn/layers/conv.hpp"

namespace photo51::backbones {

/// Weights and biases uniform within 1 / sqrt(inputs of an output).
std::shared_ptr<nn::Conv> make_default_conv(const nn::Conv::Shape& shape);

}  // namespace photo51::backbones
