#pragma once
/// The instances of each bag (views, frames, tiles) to tokens, ragged: values and lengths, no padding.

#include <torch/nn/module.h>

#include "photo51/backbones/mil/bag_pools.hpp"
#include "photo51/nn/layers/embedding.hpp"

namespace photo51::backbones {

/// The instances of B bags, one bag after the other, on the device of the features.
struct Bags {
  at::Tensor features;  ///< [N, D]
  at::Tensor lengths;   ///< [B] int64, each at least 1, N together
  at::Tensor bag;       ///< [N] int64, which bag an instance is of
  at::Tensor offsets;   ///< [B + 1] int64 on the host, where each bag begins and the last one ends
  int64_t longest;      ///< of the lengths, known without asking the device

  /// Of values [N, ...], a bag: [B, ...].
  at::Tensor sum(const at::Tensor& values) const;
  at::Tensor largest(const at::Tensor& values) const;
};

class BagPool : public torch::nn::Module {
 public:
  BagPool(const BagPoolOptions& options, int64_t width, int64_t views);

  struct Pooled {
    at::Tensor values;          ///< [B, M, D]
    at::Tensor mask = {};       ///< [B, M] bool, true where a token is real; undefined: all are
    at::Tensor attention = {};  ///< [N], sums to 1 in each bag; undefined unless the bags are pooled by such
  };
  /// `features` [N, D]; on the host `lengths` [B] int64, every one at least 1 and N together, and `view` [N]
  /// int64 below `views`. Where `view_embedding` is set, the vector of its view is added to each instance
  /// first. Errors (data): lengths or views that are not so.
  Pooled forward(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view);

 protected:
  virtual Pooled pool(const Bags& bags) = 0;

 private:
  int64_t views_;
  std::shared_ptr<nn::Embedding> view_embedding_;  ///< null without
};

}  // namespace photo51::backbones
