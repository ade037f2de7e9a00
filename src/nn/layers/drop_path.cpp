#include "photo51/nn/layers/drop_path.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::nn {

DropPath::DropPath(double probability) : probability_(probability) {
  if (!(probability >= 0 && probability < 1))
    core::fail_usage("drop_path must be at least 0 and below 1, not " + std::to_string(probability));
}

at::Tensor DropPath::forward(const at::Tensor& x) const {
  at::Tensor y = x;
  if (is_training() && probability_ > 0) {
    std::vector<int64_t> rows(static_cast<size_t>(x.dim()), 1);
    rows[0] = x.size(0);
    y = x * at::empty(rows, x.options()).bernoulli_(1 - probability_).div_(1 - probability_);
  }
  report(*this, x, y);
  return y;
}

std::vector<double> drop_path_rates(double last, int64_t depth) {
  std::vector<double> rates(static_cast<size_t>(depth), 0.0);
  for (int64_t i = 1; i < depth; ++i)
    rates[static_cast<size_t>(i)] = last * static_cast<double>(i) / static_cast<double>(depth - 1);
  return rates;
}

}  // namespace photo51::nn
