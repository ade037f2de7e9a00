#pragma once
/// Low-rank adaptation (Hu et al., LoRA: Low-rank adaptation of large language models, ICLR 2022): the
/// weight's change is alpha / rank * B A, with A uniform as torch.nn's linear layers and B zero, so that the
/// layer is as before until B learns. Freeze the layer's own weight (`requires_grad_(false)`), so that the
/// two alone learn:
///
///   linear.set_adapter(std::make_shared<nn::LinearLora>(linear, nn::LoraOptions{.rank = 4}));
///   linear.weight.requires_grad_(false);
///   ...                       // trained
///   linear.merge_adapter();   // predicts the same at no cost
///
/// The parameters are `adapter.lora_A` and `adapter.lora_B` of the layer, of its weight's type and device.

#include "photo51/nn/adapters/adapter.hpp"
#include "photo51/nn/layers/conv.hpp"

namespace photo51::nn {

struct LoraOptions {
  int64_t rank = 8;
  double alpha = 8;
};

/// Of a layer whose weight is a matrix [out, in] (Linear; SelfAttention's Q, K and V): A [rank, in], B [out,
/// rank]. Errors (usage): a rank below 1, a layer with another weight.
class LinearLora : public Adapter {
 public:
  explicit LinearLora(const AdaptedLayer& layer, const LoraOptions& options = {});
  at::Tensor delta(const at::Tensor& input) override;
  at::Tensor weight_delta() const override;

 private:
  double scale_;
  at::Tensor a_, b_;
};

/// Of a convolution: A has its kernel and `rank` outputs a group, B is one of 1 x 1 that makes its channels
/// of them; of a transposed convolution A is the one of 1 x 1 and B has the kernel. Error (usage): a rank
/// below 1.
class ConvLora : public Adapter {
 public:
  explicit ConvLora(const Conv& layer, const LoraOptions& options = {});
  at::Tensor delta(const at::Tensor& input) override;
  at::Tensor weight_delta() const override;

 private:
  double scale_;
  ConvGeometry wide_, narrow_;  ///< with the layer's kernel; of 1 x 1
  std::vector<int64_t> weight_sizes_;
  at::Tensor a_, b_;
};

}  // namespace photo51::nn
