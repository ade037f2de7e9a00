#pragma once
/// The instances of each bag (views, frames, tiles) to one vector, ragged: values and offsets, no padding.
///
///   mean       their mean
///   max        the largest of each feature
///   attention  sum of w_i f_i with w = softmax over the bag of a' (tanh(V f_i) * sigmoid(U f_i)): gated
///              attention, Ilse et al., Attention-based deep multiple instance learning, ICML 2018, with the
///              parameter names of the authors' code

#include <memory>

#include "photo51/backbones/options.hpp"
#include "photo51/nn/layers.hpp"

namespace photo51::backbones {

class BagPool : public torch::nn::Module {
 public:
  BagPool(const BagPoolOptions& options, int64_t width, int64_t views);

  struct Pooled {
    at::Tensor values;     ///< [B, D]
    at::Tensor attention;  ///< [N], sums to 1 in each bag; undefined unless the bags are pooled by attention
  };
  /// `features` [N, D]; on the host `lengths` [B] int64, every one at least 1 and N together, and `view` [N]
  /// int64 below `views`. Errors (data): lengths or views that are not so.
  Pooled forward(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view);

 private:
  at::Tensor scores(const at::Tensor& features) const;

  BagPoolOptions options_;
  int64_t views_;
  at::Tensor view_embedding_;
  std::shared_ptr<nn::Linear> attention_v_, attention_u_, attention_w_;
};

}  // namespace photo51::backbones
