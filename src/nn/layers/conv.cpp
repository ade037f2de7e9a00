#include "photo51/nn/layers/conv.hpp"

#include <ATen/autocast_mode.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/inference/packed_layers.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::nn {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) core::fail_usage("a convolution " + message);
}

std::vector<int64_t> at_least(std::vector<int64_t> numbers, int64_t least, const char* what) {
  for (const int64_t number : numbers)
    require(number >= least, std::string("needs a ") + what + " of at least " + std::to_string(least) +
                                 " and was given " + std::to_string(number));
  return numbers;
}

// oneDNN's weight gradients are wrong in places (LibTorch 2.11; a test sees each of them): memory that is not
// its own is written to where a pointwise convolution in 2D with a stride has fewer than 16 channels,
// channels-last in float32; and taps of a kernel that meet little but padding, which maps no larger than the
// kernel have, get what the memory held before. Without a stride and with the padding as zeros in the map
// they are right.
bool is_onednns(const at::Tensor& x) {
  return !x.is_cuda() && x.scalar_type() != at::kDouble;
}

bool is_channels_last(const at::Tensor& x) {
  return x.suggest_memory_format() == at::MemoryFormat::ChannelsLast;
}

at::Tensor with_zeros_around(const at::Tensor& x, const std::vector<int64_t>& padding) {
  std::vector<int64_t> sides;  // last axis first
  for (auto each = padding.rbegin(); each != padding.rend(); ++each)
    sides.insert(sides.end(), {*each, *each});
  return at::constant_pad_nd(x, sides);
}

bool computes_in_bfloat16(const at::Tensor& x) {
  return x.device().is_cpu() &&
         (x.scalar_type() == at::kBFloat16 || (at::autocast::is_autocast_enabled(at::kCPU) &&
                                               at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16));
}

}  // namespace

std::vector<int64_t> PerAxis::of(int64_t dims, const char* what) const {
  const auto count = static_cast<size_t>(dims);
  if (values_.size() == 1) return std::vector<int64_t>(count, values_[0]);
  require(values_.size() == count, "in " + std::to_string(dims) + "D takes one " + what + " or " +
                                       std::to_string(dims) + ", not " + std::to_string(values_.size()));
  return values_;
}

ConvGeometry::ConvGeometry(const ConvShape& shape)
    : dims_(shape.dims),
      in_(shape.in),
      out_(shape.out),
      groups_(shape.groups),
      pads_first_(false),
      skips_places_(false),
      unfolds_(false),
      transposed_(shape.transposed) {
  require(dims_ >= 1 && dims_ <= 3, "has 1 to 3 dimensions, not " + std::to_string(dims_));
  require(groups_ >= 1 && in_ % groups_ == 0 && out_ % groups_ == 0,
          "needs `groups` (" + std::to_string(groups_) + ") that divide its channels (" +
              std::to_string(in_) + " in, " + std::to_string(out_) + " out)");
  require(!shape.same || (!transposed_ && !shape.padding),
          "pads `same` on its own; give no `padding` and do not transpose it");
  kernel_ = at_least(shape.kernel.of(dims_, "kernel"), 1, "kernel");
  stride_ = at_least(shape.stride.of(dims_, "stride"), 1, "stride");
  dilation_ = at_least(shape.dilation.of(dims_, "dilation"), 1, "dilation");
  output_padding_ = at_least(shape.output_padding.of(dims_, "output padding"), 0, "output padding");
  require(transposed_ ||
              std::all_of(output_padding_.begin(), output_padding_.end(), [](int64_t n) { return n == 0; }),
          "has an `output_padding` only when it is transposed");
  const auto are_one = [](const std::vector<int64_t>& numbers) {
    return std::ranges::all_of(numbers, [](int64_t n) { return n == 1; });
  };
  skips_places_ = dims_ == 2 && !transposed_ && are_one(kernel_) && !are_one(stride_) && in_ / groups_ < 16;
  unfolds_ = dims_ == 3 && in_ == 1 && !transposed_ && kernel_[0] * kernel_[1] > 1 && are_one(dilation_);
  if (shape.padding) {
    padding_ = at_least(shape.padding->of(dims_, "padding"), 0, "padding");
    return;
  }
  padding_.assign(static_cast<size_t>(dims_), 0);
  if (transposed_) return;
  // Where stride 1 meets an odd kernel, `same` is as much at both ends, which needs no copy of the image.
  for (size_t axis = 0; axis < padding_.size(); ++axis)
    pads_first_ = pads_first_ || (shape.same && (stride_[axis] > 1 || kernel_[axis] % 2 == 0));
  if (pads_first_) return;
  for (size_t axis = 0; axis < padding_.size(); ++axis)
    padding_[axis] = dilation_[axis] * (kernel_[axis] / 2);
}

std::vector<int64_t> ConvGeometry::weight_sizes() const {
  std::vector<int64_t> sizes =
      transposed_ ? std::vector<int64_t>{in_, out_ / groups_} : std::vector<int64_t>{out_, in_ / groups_};
  sizes.insert(sizes.end(), kernel_.begin(), kernel_.end());
  return sizes;
}

at::Tensor ConvGeometry::padded_as_same(const at::Tensor& x) const {
  std::vector<int64_t> sides;  // last axis first
  for (int64_t axis = dims_ - 1; axis >= 0; --axis) {
    const auto a = static_cast<size_t>(axis);
    const int64_t size = x.size(axis + 2), out = (size + stride_[a] - 1) / stride_[a];
    const int64_t reach = dilation_[a] * (kernel_[a] - 1) + 1;
    const int64_t all = std::max<int64_t>(0, (out - 1) * stride_[a] + reach - size);
    sides.insert(sides.end(), {all / 2, all - all / 2});
  }
  return at::constant_pad_nd(x, sides);
}

bool ConvGeometry::reaches_past(at::IntArrayRef sizes) const {
  for (size_t axis = 0; axis < padding_.size(); ++axis)
    if (padding_[axis] > 0 && sizes[axis + 2] <= dilation_[axis] * (kernel_[axis] - 1) + 1) return true;
  return false;
}

at::Tensor ConvGeometry::convolve_transposed(const at::Tensor& x, const at::Tensor& weight,
                                             const at::Tensor& bias) const {
  const auto convolved = [&](at::IntArrayRef padding) {
    if (dims_ == 3)
      return at::conv_transpose3d(x, weight, bias, stride_, padding, output_padding_, groups_, dilation_);
    if (dims_ == 2)
      return at::conv_transpose2d(x, weight, bias, stride_, padding, output_padding_, groups_, dilation_);
    return at::conv_transpose1d(x, weight, bias, stride_, padding, output_padding_, groups_, dilation_);
  };
  std::vector<int64_t> sizes = x.sizes().vec();
  for (size_t axis = 0; axis < padding_.size(); ++axis)
    sizes[axis + 2] = (sizes[axis + 2] - 1) * stride_[axis] + dilation_[axis] * (kernel_[axis] - 1) + 1 +
                      output_padding_[axis] - 2 * padding_[axis];
  if (!is_onednns(x) || !reaches_past(sizes)) return convolved(padding_);
  at::Tensor whole = convolved(std::vector<int64_t>(padding_.size(), 0));
  for (size_t axis = 0; axis < padding_.size(); ++axis)
    whole = whole.narrow(static_cast<int64_t>(axis) + 2, padding_[axis], sizes[axis + 2]);
  return whole;
}

at::Tensor ConvGeometry::with_neighbours_as_channels(const at::Tensor& padded, const at::Tensor& weight,
                                                     const at::Tensor& bias) const {
  // [B, 1, D, H, W, z, y of the kernel]
  const at::Tensor neighbours =
      padded.to(at::kBFloat16).unfold(2, kernel_[0], stride_[0]).unfold(3, kernel_[1], stride_[1]);
  const at::Tensor channels = neighbours.flatten(5).squeeze(1).contiguous().permute({0, 4, 1, 2, 3});
  return at::conv3d(channels, weight.reshape({out_, kernel_[0] * kernel_[1], 1, 1, kernel_[2]}), bias,
                    {1, 1, stride_[2]});
}

at::Tensor ConvGeometry::convolve(const at::Tensor& x, const at::Tensor& weight,
                                  const at::Tensor& bias) const {
  return convolve_padded(padded(x), weight, bias);
}

at::Tensor ConvGeometry::convolve_padded(const at::Tensor& x, const at::Tensor& weight,
                                         const at::Tensor& bias) const {
  if (transposed_) return convolve_transposed(x, weight, bias);
  const bool unfolds = unfolds_ && computes_in_bfloat16(x);
  const bool keeps_places =
      skips_places_ && is_onednns(x) && (is_channels_last(x) || is_channels_last(weight));
  at::Tensor input = x;
  std::vector<int64_t> padding = padding_, stride = stride_;
  if (unfolds || keeps_places || (is_onednns(x) && reaches_past(x.sizes()))) {
    input = with_zeros_around(x, padding);
    std::ranges::fill(padding, 0);
  }
  if (unfolds) return with_neighbours_as_channels(input, weight, bias);
  if (keeps_places) {
    for (size_t axis = 0; axis < stride.size(); ++axis)
      input = input.slice(static_cast<int64_t>(axis) + 2, 0, std::nullopt, stride[axis]);
    std::ranges::fill(stride, 1);
  }
  if (dims_ == 3) return at::conv3d(input, weight, bias, stride, padding, dilation_, groups_);
  if (dims_ == 2) return at::conv2d(input, weight, bias, stride, padding, dilation_, groups_);
  return at::conv1d(input, weight, bias, stride, padding, dilation_, groups_);
}

Conv::Conv(const Shape& shape) : geometry_(shape) {
  double outputs = static_cast<double>(shape.out / shape.groups);
  for (const int64_t edge : shape.kernel.of(shape.dims, "kernel")) outputs *= static_cast<double>(edge);
  const double deviation = std::sqrt(2.0 / outputs);
  weight = register_parameter(
      "weight", make_tensor(geometry_.weight_sizes(), [&](at::Tensor& t) { t.normal_(0, deviation); }));
  if (shape.bias) bias = register_parameter("bias", make_tensor({shape.out}, fill_zeros));
}

at::Tensor Conv::forward(const at::Tensor& x) const {
  if (PackedLayers* packed = PackedLayers::in_use())
    if (const at::Tensor y = packed->convolve(*this, nullptr, x, /*relu=*/false); y.defined()) return y;
  const at::Tensor y = adapted(x, geometry_.convolve(x, weight, bias));
  report(*this, x, y);
  return y;
}

}  // namespace photo51::nn
