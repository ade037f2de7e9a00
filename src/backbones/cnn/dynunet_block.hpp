#pragma once
/// What the encoder and decoder of DynUNet and the decoders of UNETR and Swin UNETR are made of, with MONAI's
/// parameter names.

#include <torch/nn/module.h>

#include <memory>
#include <string>
#include <vector>

#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/nn/layers/dropout.hpp"

namespace photo51::backbones {

/// MONAI's initial values of DynUNet's convolutions: normal, He et al. 2015 by inputs and the slope; biases
/// 0.
std::shared_ptr<nn::Conv> make_dynunet_conv(const nn::Conv::Shape& shape);

struct DynUnetBlockShape {
  int64_t dims = 3, in = 1, out = 1;
  std::vector<int64_t> kernel{3}, stride{1};  ///< one, or one an axis; kernels are odd
  std::string norm = "instance";              ///< a row of nn::norms
  bool affine = true;                         ///< false: instance norms have no parameters
  double dropout = 0;                         ///< behind every convolution
  bool residual = false;
  std::shared_ptr<nn::Conv> (*make_conv)(const nn::Conv::Shape& shape) = make_dynunet_conv;
};

/// Two convolutions with norm and leaky ReLU (slope 0.01); with a shortcut, a convolution of 1 with a norm
/// where width or size change, before the last ReLU.
class DynUnetBlock : public torch::nn::Module {
 public:
  explicit DynUnetBlock(const DynUnetBlockShape& shape);
  at::Tensor forward(const at::Tensor& x);

 private:
  struct Step {
    std::shared_ptr<nn::Conv> conv;  ///< null: there is no such step
    std::shared_ptr<nn::Norm> norm;  ///< null: an instance norm without parameters
  };
  Step add_step(const std::string& number, const DynUnetBlockShape& block, nn::Conv::Shape conv);
  at::Tensor run(const Step& step, const at::Tensor& x, const nn::NormThen& then) const;

  bool drops_, residual_;
  Step first_, second_, shortcut_;
  std::shared_ptr<nn::Dropout> dropout_;
};

struct DynUnetUpShape {
  DynUnetBlockShape block;           ///< from `out` of the map below and `out` of the skip to `out`
  int64_t below = 1;                 ///< channels of the map below
  std::vector<int64_t> upsample{2};  ///< kernel and stride of the transposed convolution
  bool bias = false;                 ///< of that
};

/// A transposed convolution, cut or continued to the size of the skip, which is put behind it, and a block.
class DynUnetUp : public torch::nn::Module {
 public:
  explicit DynUnetUp(const DynUnetUpShape& shape);
  at::Tensor forward(const at::Tensor& below, const at::Tensor& skip);

 private:
  std::shared_ptr<nn::Conv> up_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<DynUnetBlock> block_;
};

/// A module that holds `conv` as MONAI's block of one convolution does.
std::shared_ptr<nn::Conv> add_wrapped_conv(torch::nn::Module& around, const std::string& name,
                                           std::shared_ptr<nn::Conv> conv);

/// (x - mean) / deviation of each case and channel, without parameters, and what follows. As nn::InstanceNorm
/// it hands a map of a single place through.
at::Tensor plain_instance_norm(const at::Tensor& x, const nn::NormThen& then);

}  // namespace photo51::backbones
