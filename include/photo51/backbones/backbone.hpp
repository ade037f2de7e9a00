#pragma once
/// A network from an image to features.

#include <torch/nn/module.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/backbones/features.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/weights/dialect.hpp"

namespace photo51::backbones {

class Backbone : public torch::nn::Module {
 public:
  /// Of images [B, C, D, H, W] or [B, C, H, W].
  virtual Features features(const at::Tensor& image) = 0;
  /// Channels of each stage.
  virtual std::vector<int64_t> widths() const = 0;
  /// Features of a token: channels of the last stage and of the prefix.
  int64_t width() const { return widths().back(); }
  virtual int64_t prefix_tokens() const { return 0; }
  /// Whose weights it takes, the first preferred.
  virtual std::vector<nn::Dialect> dialects() const = 0;
  /// Where its weights come from, of a network that brings its own.
  virtual std::optional<nn::Pretrained> pretrained() const { return std::nullopt; }
  /// Hash (core::hash_bytes) of the file whose program it runs; empty: it runs none.
  virtual std::string program() const { return {}; }
  /// Its parameters that are positions of a grid, which weights of another grid are interpolated for.
  virtual std::vector<nn::PositionTable> positions() const { return {}; }
  /// [B, width] for an encoder's `pool: mean`: the mean over the last stage.
  virtual at::Tensor mean_of_places(const Features& found) const;
  /// [B, classes], of the first prefix token or, without one, of the mean over the last stage. Error (usage):
  /// the network was built without a classifier.
  virtual at::Tensor logits(const at::Tensor& image);

 protected:
  /// Error (usage): the network was built without a classifier.
  void require_classifier() const;
  std::shared_ptr<nn::Linear> classifier_;  ///< null without
};

}  // namespace photo51::backbones
