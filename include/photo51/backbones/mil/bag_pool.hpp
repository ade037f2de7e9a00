#pragma once
/// The instances of each bag (views, frames, tiles) to tokens, ragged: values and lengths, no padding.

#include <torch/nn/module.h>

#include <string>
#include <utility>

#include "photo51/backbones/mil/bag_pools.hpp"
#include "photo51/backbones/tokens.hpp"
#include "photo51/nn/layers/embedding.hpp"

namespace photo51::backbones {

/// The instances of B bags, one bag after the other, on the device of the features.
struct Bags {
  at::Tensor features;  ///< [N, D]
  at::Tensor lengths;   ///< [B] int64, each at least 1, N together
  at::Tensor bag;       ///< [N] int64, which bag an instance is of
  at::Tensor offsets;   ///< [B + 1] int64 on the host, where each bag begins and the last one ends
  int64_t longest;      ///< of the lengths, known without asking the device
  at::Tensor classes;   ///< [B] int64 on the host, -1 = unknown; undefined outside training

  int64_t count() const { return lengths.size(0); }
  /// Where a bag begins in the features, and how many instances it has, without asking the device.
  std::pair<int64_t, int64_t> range(int64_t number) const;
  /// Of values [N, ...], those of a bag.
  at::Tensor of(const at::Tensor& values, int64_t number) const;
  /// Of values [N, ...], a bag: [B, ...].
  at::Tensor sum(const at::Tensor& values) const;
  at::Tensor largest(const at::Tensor& values) const;
};

class BagPool : public torch::nn::Module {
 public:
  explicit BagPool(const BagShape& shape);

  struct Pooled {
    at::Tensor values;          ///< [B, M, width()]
    at::Tensor mask = {};       ///< [B, M] bool, true where a token is real; undefined: all are
    at::Tensor attention = {};  ///< [N], sums to 1 in each bag; undefined unless the bags are pooled by such
    AuxiliaryLosses losses = {};  ///< of pools that are taught by labels, where classes are given
    at::Tensor scores = {};       ///< [N, S] logits of each instance alone, by class (of two classes of the
                                  ///< second); undefined unless the pool scores instances
  };
  /// `features` [N, D]; on the host `lengths` [B] int64, every one at least 1 and N together, `view` [N]
  /// int64 below `views`, and `classes` [B] int64 of the label that the pool asks for, -1 = unknown, which
  /// are used in training alone. Where `view_embedding` is set, the vector of its view is added to each
  /// instance first. Errors (data): lengths, views or classes that are not so.
  Pooled forward(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view,
                 const at::Tensor& classes = {});
  /// Of the tokens.
  virtual int64_t width() const { return shape_.width; }
  /// The head whose classes teach it; empty: none.
  const std::string& label() const { return label_.head; }

 protected:
  virtual Pooled pool(const Bags& bags) = 0;
  const BagShape& shape() const { return shape_; }
  /// Chooses the head of the shape's labels by name, or the only one; returns how many classes it has.
  /// Errors (usage): no such head, several heads or none.
  int64_t choose_label(const std::string& pool, const std::string& head);

 private:
  void check(const at::Tensor& features, const at::Tensor& lengths, const at::Tensor& view,
             const at::Tensor& classes) const;

  BagShape shape_;
  LabelShape label_ = {.head = "", .classes = 0};
  std::shared_ptr<nn::Embedding> view_embedding_;  ///< null without
};

}  // namespace photo51::backbones
