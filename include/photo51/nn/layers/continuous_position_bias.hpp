#pragma once
/// What attention adds to the product of two places' query and key, made by a perceptron of the difference of
/// their positions (Liu et al., Swin transformer V2, CVPR 2022), so that it can be had for windows of another
/// size than it was trained with: 16 sigmoid(perceptron(c)), c = sign(u) log2(1 + |u|) / 3 an axis, u = 8
/// difference / (edge - 1) with the edge of the window it was trained with.

#include <memory>
#include <vector>

#include "photo51/nn/layers/linear.hpp"

namespace photo51::nn {

/// Of a window ([D,] H, W) of N places, x fastest -> [1, heads, N, N] (query, key) for ScaledDotProduct. The
/// perceptron's layers are `0` and `2`.
class ContinuousPositionBias : public Layer {
 public:
  /// `trained` is the window of the weights, which has as many axes.
  ContinuousPositionBias(int64_t heads, std::vector<int64_t> window, std::vector<int64_t> trained);
  at::Tensor forward() const;
  /// c above, [1, 2 D - 1, 2 H - 1, 2 W - 1, dims] float32, which torchvision keeps in its state dicts.
  at::Tensor coordinates(const at::Device& device) const;

 private:
  std::vector<int64_t> window_, trained_;
  std::shared_ptr<Linear> hidden_, out_;
};

}  // namespace photo51::nn
