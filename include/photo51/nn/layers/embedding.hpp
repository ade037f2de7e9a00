#pragma once
/// A learned vector for each of a few numbers (views, categories).

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

/// Of a parameter [K, D], numbers [N] int64 below K, on its device -> [N, D].
class Embedding : public OuterParameterLayer {
 public:
  using OuterParameterLayer::OuterParameterLayer;
  at::Tensor forward(const at::Tensor& numbers) const;
};

}  // namespace photo51::nn
