#pragma once
/// What attention adds to the product of two places' query and key, learned for each difference of their
/// positions in a window (Shaw et al., Self-attention with relative position representations, NAACL 2018; of
/// windows Liu et al., Swin transformer, ICCV 2021).

#include <vector>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// Of a window ([D,] H, W) of N places, x fastest -> [1, heads, N, N] (query, key) for ScaledDotProduct. The
/// parameter's shape says whose it is:
///
///   [(2 D - 1) (2 H - 1) (2 W - 1), heads]  a row a difference query - key, x fastest: torchvision, MONAI,
///   timm [heads, 2 D - 1, 2 H - 1, 2 W - 1]      of the differences key - query: MaxViT in TensorFlow, in
///   timm
class RelativePositionBias : public OuterParameterLayer {
 public:
  RelativePositionBias(at::Tensor registered, std::vector<int64_t> window)
      : OuterParameterLayer(std::move(registered)), window_(std::move(window)) {}
  at::Tensor forward() const;

 private:
  std::vector<int64_t> window_;
};

/// The same of rows [differences, heads] that something else made, such as a perceptron of the differences.
at::Tensor relative_position_bias(const at::Tensor& rows, at::IntArrayRef window);
/// How many differences of positions a window has.
int64_t relative_positions(at::IntArrayRef window);
/// [N, N] int64 the row of each query and key, which torchvision and MONAI keep in their state dicts.
at::Tensor relative_position_index(at::IntArrayRef window);

}  // namespace photo51::nn
