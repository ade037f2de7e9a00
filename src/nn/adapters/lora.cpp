#include "photo51/nn/adapters/lora.hpp"

#include <torch/nn/module.h>

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {
namespace {

double checked_scale(const LoraOptions& options) {
  if (options.rank < 1)
    core::fail_usage("LoRA needs a `rank` of at least 1, not " + std::to_string(options.rank));
  return options.alpha / static_cast<double>(options.rank);
}

at::Tensor like(const at::Tensor& weight, const at::Tensor& values) {
  return values.to(weight.device(), weight.scalar_type());
}

/// A of `inputs` numbers each; B of zeros.
at::Tensor uniform(const at::Tensor& weight, at::IntArrayRef sizes, int64_t inputs) {
  return like(weight, make_tensor(sizes, [&](at::Tensor& t) { fill_uniform_by_inputs(t, inputs); }));
}

at::Tensor zeros(const at::Tensor& weight, at::IntArrayRef sizes) {
  return like(weight, make_tensor(sizes, fill_zeros));
}

}  // namespace

LinearLora::LinearLora(const AdaptedLayer& layer, const LoraOptions& options)
    : scale_(checked_scale(options)) {
  if (layer.weight.dim() != 2)
    core::fail_usage("this LoRA is of layers whose weight is a matrix, and this one's has shape " +
                     c10::str(layer.weight.sizes()) + "; use ConvLora");
  const int64_t out = layer.weight.size(0), in = layer.weight.size(1);
  a_ = register_parameter("lora_A", uniform(layer.weight, {options.rank, in}, in));
  b_ = register_parameter("lora_B", zeros(layer.weight, {out, options.rank}));
}

at::Tensor LinearLora::delta(const at::Tensor& input) {
  return at::linear(at::linear(input, a_), b_) * scale_;
}

at::Tensor LinearLora::weight_delta() const {
  return at::matmul(b_, a_) * scale_;
}

namespace {

/// The convolution of 1 x 1 between a layer's channels and `rank` a group: behind the one with the kernel, or
/// before it where the layer is transposed.
ConvGeometry pointwise(const Conv& layer, int64_t rank) {
  const int64_t groups = layer.geometry().groups(), first = layer.weight.size(0), narrow = rank * groups;
  const bool transposed = layer.geometry().transposed();
  return ConvGeometry({.dims = layer.geometry().dims(),
                       .in = transposed ? first : narrow,
                       .out = transposed ? narrow : first,
                       .kernel = 1,
                       .groups = groups});
}

}  // namespace

ConvLora::ConvLora(const Conv& layer, const LoraOptions& options)
    : scale_(checked_scale(options)),
      wide_(layer.geometry()),
      narrow_(pointwise(layer, options.rank)),
      weight_sizes_(layer.weight.sizes().vec()) {
  std::vector<int64_t> wide = weight_sizes_;
  wide[0] = options.rank * wide_.groups();
  const std::vector<int64_t> narrow = narrow_.weight_sizes();
  const auto& first = wide_.transposed() ? narrow : wide;
  const auto& second = wide_.transposed() ? wide : narrow;
  int64_t inputs = 1;
  for (size_t axis = 1; axis < first.size(); ++axis) inputs *= first[axis];
  a_ = register_parameter("lora_A", uniform(layer.weight, first, inputs));
  b_ = register_parameter("lora_B", zeros(layer.weight, second));
}

at::Tensor ConvLora::delta(const at::Tensor& input) {
  const auto& first = wide_.transposed() ? narrow_ : wide_;
  const auto& second = wide_.transposed() ? wide_ : narrow_;
  return second.convolve(first.convolve(input, a_, {}), b_, {}) * scale_;
}

at::Tensor ConvLora::weight_delta() const {
  const int64_t groups = wide_.groups(), rank = a_.size(0) / groups;
  const at::Tensor a = a_.reshape({groups, rank, -1});
  const at::Tensor change = wide_.transposed() ? at::bmm(a.transpose(1, 2), b_.reshape({groups, rank, -1}))
                                               : at::bmm(b_.reshape({groups, -1, rank}), a);
  return change.reshape(weight_sizes_) * scale_;
}

}  // namespace photo51::nn
