#pragma once
/// Huang et al., Deep Networks with Stochastic Depth, ECCV 2016: in training each row of [B, ...] is zero as
/// a whole with a probability, drawn from torch's default generator, and the others grow by 1 / (1 -
/// probability). Otherwise the input itself.

#include <functional>
#include <vector>

#include "photo51/nn/layers/layer.hpp"

namespace photo51::nn {

class DropPath : public Layer {
 public:
  /// Error (usage): the probability is not in [0, 1).
  explicit DropPath(double probability);
  at::Tensor forward(const at::Tensor& x) const;
  /// x + forward(branch(x)), for a branch that does with each row what it would do without the others (no
  /// batch norm) and keeps the shape. On the CPU, where no Capture looks on, rows that are dropped do not run
  /// through the branch at all; draws are the same.
  at::Tensor residual(const at::Tensor& x, const std::function<at::Tensor(const at::Tensor&)>& branch) const;

 private:
  at::Tensor draw(const at::Tensor& x) const;

  double probability_;
};

/// The probabilities of `depth` blocks in a row, from 0 to `last` in equal steps.
std::vector<double> drop_path_rates(double last, int64_t depth);

}  // namespace photo51::nn
