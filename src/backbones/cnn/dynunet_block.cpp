#include "backbones/cnn/dynunet_block.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "backbones/map_size.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/ops/norm_act.hpp"

namespace photo51::backbones {
namespace {

constexpr double dynunet_slope = 0.01;

/// As much on both ends as keeps size / stride, rounded up.
std::vector<int64_t> dynunet_padding(const std::vector<int64_t>& kernel, const std::vector<int64_t>& stride) {
  std::vector<int64_t> padding;
  for (size_t axis = 0; axis < kernel.size(); ++axis)
    padding.push_back(std::max<int64_t>(0, kernel[axis] - stride[axis] + 1) / 2);
  return padding;
}

}  // namespace

std::shared_ptr<nn::Conv> make_dynunet_conv(const nn::Conv::Shape& shape) {
  auto conv = std::make_shared<nn::Conv>(shape);
  if (nn::SkipInit::active()) return conv;
  const at::NoGradGuard no_grad;
  const auto inputs = static_cast<double>(conv->weight[0].numel());
  conv->weight.normal_(0, std::sqrt(2 / (1 + dynunet_slope * dynunet_slope) / inputs));
  return conv;
}

std::shared_ptr<nn::Conv> add_wrapped_conv(torch::nn::Module& around, const std::string& name,
                                           std::shared_ptr<nn::Conv> conv) {
  return around.register_module(name, std::make_shared<torch::nn::Module>())
      ->register_module("conv", std::move(conv));
}

at::Tensor plain_instance_norm(const at::Tensor& x, const nn::NormThen& then) {
  const at::Tensor& residual = then.residual;
  const bool alike = !residual.defined() || residual.scalar_type() == x.scalar_type();
  const bool one_place = x.numel() == x.size(0) * x.size(1);
  if (!one_place && alike && ops::pays_norm_act(x))
    return ops::norm_act({.x = x, .residual = residual}, {.per_case = true, .slope = then.slope}).y;
  at::Tensor y = one_place ? x : at::instance_norm(x, {}, {}, {}, {}, true, 0.1, 1e-5, true);
  if (residual.defined()) y = y + residual;
  return then.slope == 1 ? y : at::leaky_relu(y, then.slope);
}

DynUnetBlock::DynUnetBlock(const DynUnetBlockShape& shape)
    : drops_(shape.dropout > 0), residual_(shape.residual) {
  const std::vector<int64_t> kernel = nn::PerAxis(shape.kernel).of(shape.dims, "kernel");
  const std::vector<int64_t> stride = nn::PerAxis(shape.stride).of(shape.dims, "stride");
  const std::vector<int64_t> one(stride.size(), 1);
  nn::Conv::Shape conv{.dims = shape.dims, .in = shape.in, .out = shape.out, .kernel = kernel};
  conv.stride = stride;
  conv.padding = dynunet_padding(kernel, stride);
  first_ = add_step("1", shape, conv);
  conv.in = shape.out;
  conv.stride = one;
  conv.padding = dynunet_padding(kernel, one);
  second_ = add_step("2", shape, conv);
  if (residual_ && (shape.in != shape.out || stride != one)) {
    conv.in = shape.in;
    conv.kernel = 1;
    conv.stride = stride;
    conv.padding = 0;
    shortcut_ = add_step("3", shape, conv);
  }
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(shape.dropout));
}

DynUnetBlock::Step DynUnetBlock::add_step(const std::string& number, const DynUnetBlockShape& block,
                                          nn::Conv::Shape conv) {
  Step step{add_wrapped_conv(*this, "conv" + number, block.make_conv(conv)), nullptr};
  if (block.affine || block.norm != "instance")
    step.norm = register_module("norm" + number, nn::make_norm(block.norm, block.out));
  return step;
}

at::Tensor DynUnetBlock::run(const Step& step, const at::Tensor& x, const nn::NormThen& then) const {
  const bool between = nn::is_captured(*dropout_) || (drops_ && is_training());
  if (step.norm && !between) return nn::conv_norm(*step.conv, *step.norm, x, then);
  at::Tensor y = step.conv->forward(x);
  if (between) y = dropout_->forward(y);
  return step.norm ? step.norm->forward(y, then) : plain_instance_norm(y, then);
}

at::Tensor DynUnetBlock::forward(const at::Tensor& x) {
  const at::Tensor hidden = run(first_, x, {.slope = dynunet_slope});
  nn::NormThen then{.slope = dynunet_slope};
  if (residual_) then.residual = shortcut_.conv ? run(shortcut_, x, {}) : x;
  const at::Tensor y = run(second_, hidden, then);
  nn::report(*this, x, y);
  return y;
}

DynUnetUp::DynUnetUp(const DynUnetUpShape& shape) {
  DynUnetBlockShape block = shape.block;
  block.in = 2 * block.out;
  const std::vector<int64_t> upsample = nn::PerAxis(shape.upsample).of(block.dims, "upsampling");
  nn::Conv::Shape up{.dims = block.dims, .in = shape.below, .out = block.out, .kernel = upsample};
  up.stride = upsample;
  up.bias = shape.bias;
  up.transposed = true;
  up_ = add_wrapped_conv(*this, "transp_conv", block.make_conv(up));
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(block.dropout));
  block_ = register_module("conv_block", std::make_shared<DynUnetBlock>(block));
}

at::Tensor DynUnetUp::forward(const at::Tensor& below, const at::Tensor& skip) {
  const at::Tensor risen = cut_or_continued(dropout_->forward(up_->forward(below)), skip);
  const at::Tensor y = block_->forward(at::cat({risen, skip}, 1));
  nn::report(*this, below, y);
  return y;
}

}  // namespace photo51::backbones
