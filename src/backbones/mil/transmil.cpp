/// Shao et al., TransMIL: transformer based correlated multiple instance learning for whole slide image
/// classification, NeurIPS 2021. ReLU(W f_i + b) of each instance; the first instances are repeated until the
/// bag is a square; a class token before it; a layer of Nystrom attention, the pyramid position encoding
/// (PPEG: the square plus its depthwise convolutions of 7, 5 and 3, the class token as it is), another layer,
/// a norm; one token: the class token. Parameter names are the authors'.
///
/// The attention of an instance is that of the class token in the last layer, mean of the heads, with what
/// its repetition has; it is approximated and may be below 0, which counts as 0.

#include <torch/nn/module.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "backbones/mil/embedding.hpp"
#include "backbones/mil/nystrom_attention.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/prefix_token.hpp"

namespace photo51::backbones {
namespace {

/// x + attention(norm(x)).
class TransLayer : public torch::nn::Module {
 public:
  explicit TransLayer(const TransmilOptions& options) {
    norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(options.embed_dim));
    attention_ = register_module("attn", std::make_shared<NystromAttention>(NystromAttention::Shape{
                                             .width = options.embed_dim,
                                             .heads = options.heads,
                                             .landmarks = options.num_landmarks,
                                             .pinv_iterations = options.pinv_iterations,
                                             .dropout = options.dropout}));
  }
  at::Tensor forward(const at::Tensor& x, at::Tensor* first = nullptr) {
    return x + attention_->forward(norm_->forward(x), first);
  }

 private:
  std::shared_ptr<nn::LayerNorm> norm_;
  std::shared_ptr<NystromAttention> attention_;
};

class PositionPyramid : public torch::nn::Module {
 public:
  explicit PositionPyramid(int64_t width) {
    const auto make = [&](const char* name, int64_t kernel) {
      convolutions_.push_back(register_module(
          name, std::make_shared<nn::Conv>(nn::ConvShape{
                    .dims = 2, .in = width, .out = width, .kernel = kernel, .groups = width, .bias = true})));
    };
    make("proj", 7);
    make("proj1", 5);
    make("proj2", 3);
  }
  /// [1 + side * side, width]
  at::Tensor forward(const at::Tensor& x, int64_t side) {
    const at::Tensor square = x.slice(0, 1).t().reshape({1, x.size(1), side, side});
    at::Tensor sum = square;
    for (const auto& convolution : convolutions_) sum = sum + convolution->forward(square);
    return at::cat({x.slice(0, 0, 1), sum.flatten(2).squeeze(0).t()});
  }

 private:
  std::vector<std::shared_ptr<nn::Conv>> convolutions_;
};

class Transmil final : public BagPool {
 public:
  Transmil(const TransmilOptions& options, const BagShape& shape)
      : BagPool(shape), embedding_(*this, shape.width, options.embed_dim) {
    class_token_ = register_module(
        "class_token",
        std::make_shared<nn::PrefixToken>(register_parameter(
            "cls_token", nn::make_tensor({1, 1, options.embed_dim}, [](at::Tensor& t) { t.normal_(); }))));
    layer1_ = register_module("layer1", std::make_shared<TransLayer>(options));
    positions_ = register_module("pos_layer", std::make_shared<PositionPyramid>(options.embed_dim));
    layer2_ = register_module("layer2", std::make_shared<TransLayer>(options));
    norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(options.embed_dim));
  }
  int64_t width() const override { return embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor embedded = embedding_.forward(bags.features);
    std::vector<at::Tensor> tokens, attention;
    for (int64_t bag = 0; bag < bags.count(); ++bag) {
      at::Tensor of_bag;
      tokens.push_back(class_token_of(bags.of(embedded, bag), of_bag));
      attention.push_back(of_bag);
    }
    return {at::stack(tokens), {}, at::cat(attention)};
  }

 private:
  at::Tensor class_token_of(const at::Tensor& instances, at::Tensor& attention) {
    const int64_t count = instances.size(0);
    auto side = static_cast<int64_t>(std::sqrt(static_cast<double>(count)));
    while (side * side < count) ++side;
    const int64_t repeated = side * side - count;
    const at::Tensor square = at::cat({instances, instances.slice(0, 0, repeated)});
    at::Tensor x = class_token_->forward(square.unsqueeze(0)).squeeze(0);
    x = positions_->forward(layer1_->forward(x), side);
    at::Tensor first;
    x = norm_->forward(layer2_->forward(x, &first).slice(0, 0, 1));
    const at::NoGradGuard no_grad;
    const at::Tensor of_square = first.slice(0, 1).clamp_min(0) + 1e-12;  // not all of them 0
    const at::Tensor of_instances = of_square.slice(0, 0, count).clone();
    of_instances.slice(0, 0, repeated).add_(of_square.slice(0, count));
    attention = of_instances / of_instances.sum();
    return x;
  }

  InstanceEmbedding embedding_;
  std::shared_ptr<nn::PrefixToken> class_token_;
  std::shared_ptr<TransLayer> layer1_, layer2_;
  std::shared_ptr<PositionPyramid> positions_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

}  // namespace

BagPoolRow transmil_row() {
  return bag_pool_row<Transmil, TransmilOptions>("transmil",
                                                 "two layers of Nystrom attention and a position pyramid",
                                                 {.source = "Shao et al. 2021, arXiv 2106.00908",
                                                  .passes = {MilTest::false_frequency},
                                                  .attention = true});
}

}  // namespace photo51::backbones
