#include "photo51/nn/layers/drop_path.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/result_type.h>
#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::nn {

DropPath::DropPath(double probability) : probability_(probability) {
  if (!(probability >= 0 && probability < 1))
    core::fail_usage("drop_path must be at least 0 and below 1, not " + std::to_string(probability));
}

/// [B, 1, ...]: 1 for rows that stay.
at::Tensor DropPath::draw(const at::Tensor& x) const {
  std::vector<int64_t> rows(static_cast<size_t>(x.dim()), 1);
  rows[0] = x.size(0);
  return at::empty(rows, x.options()).bernoulli_(1 - probability_);
}

at::Tensor DropPath::forward(const at::Tensor& x) const {
  const at::Tensor y = is_training() && probability_ > 0 ? x * draw(x).div_(1 - probability_) : x;
  report(*this, x, y);
  return y;
}

at::Tensor DropPath::residual(const at::Tensor& x,
                              const std::function<at::Tensor(const at::Tensor&)>& branch) const {
  // Which rows stay is known on the host here; a GPU would have to be waited for.
  if (!is_training() || probability_ == 0 || !x.device().is_cpu() || is_capturing())
    return x + forward(branch(x));
  const at::Tensor stay = draw(x.detach()).flatten().nonzero().flatten();
  const double grown = 1 / (1 - probability_);
  if (stay.size(0) == x.size(0)) return at::add(x, branch(x), grown);
  // Where none stays, the branch gets no rows, so that its parameters have gradients all the same.
  const at::Tensor change = branch(x.index_select(0, stay));
  const auto type = at::result_type(x, change);
  return at::index_add(x.to(type), 0, stay, change.to(type), grown);
}

std::vector<double> drop_path_rates(double last, int64_t depth) {
  std::vector<double> rates(static_cast<size_t>(depth), 0.0);
  for (int64_t i = 1; i < depth; ++i)
    rates[static_cast<size_t>(i)] = last * static_cast<double>(i) / static_cast<double>(depth - 1);
  return rates;
}

}  // namespace photo51::nn
