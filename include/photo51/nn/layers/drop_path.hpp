#pragma once
/// Huang et al., Deep Networks with Stochastic Depth, ECCV 2016: in training each row of [B, ...] is zero as
/// a whole with a probability, drawn from torch's default generator, and the others grow by 1 / (1 -
/// probability). Otherwise the input itself.

#include <vector>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

class DropPath : public Layer {
 public:
  /// Error (usage): the probability is not in [0, 1).
  explicit DropPath(double probability);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  double probability_;
};

/// The probabilities of `depth` blocks in a row, from 0 to `last` in equal steps.
std::vector<double> drop_path_rates(double last, int64_t depth);

}  // namespace photo51::nn
