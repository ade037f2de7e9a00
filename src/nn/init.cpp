#include "photo51/nn/init.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace photo51::nn {
namespace {

thread_local int skipping = 0;

}  // namespace

SkipInit::SkipInit() {
  ++skipping;
}
SkipInit::~SkipInit() {
  --skipping;
}
bool SkipInit::active() {
  return skipping > 0;
}

at::Tensor make_tensor(at::IntArrayRef shape, const std::function<void(at::Tensor&)>& fill) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  if (!SkipInit::active()) {
    const at::NoGradGuard no_grad;
    fill(tensor);
  }
  return tensor;
}

void fill_zeros(at::Tensor& tensor) {
  tensor.zero_();
}

void fill_ones(at::Tensor& tensor) {
  tensor.fill_(1);
}

void fill_truncated_normal(at::Tensor& tensor, double deviation) {
  const double edge = std::erf(2.0 / std::sqrt(2.0));
  tensor.uniform_(-edge, edge).erfinv_().mul_(deviation * std::sqrt(2.0));
}

void fill_xavier_uniform(at::Tensor& matrix) {
  const double bound = std::sqrt(6.0 / static_cast<double>(matrix.size(0) + matrix.size(1)));
  matrix.uniform_(-bound, bound);
}

void fill_uniform_by_inputs(at::Tensor& tensor, int64_t inputs) {
  const double bound = 1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(inputs, 1)));
  tensor.uniform_(-bound, bound);
}

}  // namespace photo51::nn
