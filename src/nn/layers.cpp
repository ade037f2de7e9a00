#include "photo51/nn/layers.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>

namespace photo51::nn {
namespace {

thread_local int skipping = 0;

void fill_ones(at::Tensor& tensor) {
  tensor.fill_(1);
}
void fill_zeros(at::Tensor& tensor) {
  tensor.zero_();
}

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

Conv::Conv(const Shape& shape) : shape_(shape) {
  std::vector<int64_t> sizes{shape.out, shape.in / shape.groups};
  sizes.insert(sizes.end(), static_cast<size_t>(shape.dims), shape.kernel);
  const auto places = static_cast<double>(std::pow(shape.kernel, shape.dims));
  const int64_t outputs = shape.out / shape.groups;
  const double deviation = std::sqrt(2.0 / (static_cast<double>(outputs) * places));
  weight = register_parameter("weight", make_tensor(sizes, [&](at::Tensor& t) { t.normal_(0, deviation); }));
  if (shape.bias) bias = register_parameter("bias", make_tensor({shape.out}, fill_zeros));
}

at::Tensor Conv::forward(const at::Tensor& x) const {
  const auto dims = static_cast<size_t>(shape_.dims);
  const std::vector<int64_t> stride(dims, shape_.stride), dilation(dims, 1);
  const bool padded = shape_.same && shape_.stride > 1;
  const std::vector<int64_t> padding(dims, shape_.patches || padded ? 0 : shape_.kernel / 2);
  at::Tensor input = x;
  if (padded) {
    std::vector<int64_t> sides;  // last axis first
    for (int64_t axis = x.dim() - 1; axis >= 2; --axis) {
      const int64_t out = (x.size(axis) + shape_.stride - 1) / shape_.stride;
      const int64_t all = std::max<int64_t>(0, (out - 1) * shape_.stride + shape_.kernel - x.size(axis));
      sides.insert(sides.end(), {all / 2, all - all / 2});
    }
    input = at::constant_pad_nd(x, sides);
  }
  return shape_.dims == 3 ? at::conv3d(input, weight, bias, stride, padding, dilation, shape_.groups)
                          : at::conv2d(input, weight, bias, stride, padding, dilation, shape_.groups);
}

Norm::Norm(const std::string& kind, int64_t channels, double epsilon)
    : kind_(kind == "instance" ? Kind::instance
            : kind == "group"  ? Kind::group
                               : Kind::batch),
      epsilon_(epsilon) {
  weight = register_parameter("weight", make_tensor({channels}, fill_ones));
  bias = register_parameter("bias", make_tensor({channels}, fill_zeros));
  if (kind_ == Kind::batch) {
    running_mean = register_buffer("running_mean", make_tensor({channels}, fill_zeros));
    running_var = register_buffer("running_var", make_tensor({channels}, fill_ones));
    num_batches_tracked = register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
  }
  groups_ = std::min<int64_t>(8, channels);
  while (channels % groups_ != 0) --groups_;
}

at::Tensor Norm::forward(const at::Tensor& x) {
  const int64_t values = x.numel() / std::max<int64_t>(x.size(1), 1);
  if (kind_ == Kind::group) return at::group_norm(x, groups_, weight, bias, epsilon_);
  if (kind_ == Kind::instance) {
    if (values == x.size(0)) return x;
    return at::instance_norm(x, weight, bias, {}, {}, true, 0.1, epsilon_, true);
  }
  const bool training = is_training() && values > 1;
  if (training) num_batches_tracked.add_(1);
  return at::batch_norm(x, weight, bias, running_mean, running_var, training, 0.1, epsilon_, true);
}

Linear::Linear(int64_t in, int64_t out) {
  weight = register_parameter("weight",
                              make_tensor({out, in}, [&](at::Tensor& t) { fill_uniform_by_inputs(t, in); }));
  bias =
      register_parameter("bias", make_tensor({out}, [&](at::Tensor& t) { fill_uniform_by_inputs(t, in); }));
}

at::Tensor Linear::forward(const at::Tensor& x) const {
  return at::linear(x, weight, bias);
}

LayerNorm::LayerNorm(int64_t width, double epsilon) : epsilon_(epsilon) {
  weight = register_parameter("weight", make_tensor({width}, fill_ones));
  bias = register_parameter("bias", make_tensor({width}, fill_zeros));
}

at::Tensor LayerNorm::forward(const at::Tensor& x) const {
  return at::layer_norm(x, {weight.size(0)}, weight, bias, epsilon_);
}

}  // namespace photo51::nn
