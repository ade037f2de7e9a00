#pragma once
/// oneDNN's convolutions and matrix products of weights in a layout of its own choice. LibTorch has them as
/// operators without a C++ function.

#include <ATen/core/Tensor.h>

#include "photo51/nn/layers/conv.hpp"

namespace photo51::nn::onednn {

/// Whether this LibTorch has them, and this processor has them in that type; the user may have switched
/// oneDNN off.
bool computes_in(at::ScalarType type);

/// The weight as a convolution of inputs of that size wants it. Of other sizes it gives the same, but where
/// these want another layout every pass lays out the weight anew.
at::Tensor packed(const ConvGeometry& geometry, const at::Tensor& weight, at::IntArrayRef input_sizes);
/// Undefined `bias`: none.
at::Tensor convolve(const ConvGeometry& geometry, const at::Tensor& x, const at::Tensor& weight,
                    const at::Tensor& bias, bool relu);

/// A matrix [out, in] for inputs of so many rows, and the product x W^T + b.
at::Tensor packed(const at::Tensor& weight, int64_t rows);
at::Tensor multiply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace photo51::nn::onednn
