/// A plain transformer encoder over each bag with a class token, which is the bag's token: layers
/// x + attention(norm(x)), then x + mlp(norm(x)) (Vaswani et al., Attention is all you need, NeurIPS 2017;
/// norms first), and a norm. Instances have no positions, so their order does not matter.
///
/// The attention of an instance is that of the class token in the last layer, mean of the heads, without what
/// the class token has of itself.

#include <torch/nn/module.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "backbones/mil/embedding.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/layer_norm.hpp"
#include "photo51/nn/layers/perceptron.hpp"
#include "photo51/nn/layers/prefix_token.hpp"
#include "photo51/nn/layers/scaled_dot_product.hpp"

namespace photo51::backbones {
namespace {

class PoolLayer : public torch::nn::Module {
 public:
  PoolLayer(int64_t width, int64_t heads, int64_t hidden, double dropout) : heads_(heads) {
    norm1_ = register_module("norm1", std::make_shared<nn::LayerNorm>(width));
    qkv_ = register_module("qkv", std::make_shared<nn::Linear>(width, 3 * width));
    attention_ = register_module("attention", std::make_shared<nn::ScaledDotProduct>(dropout));
    out_ = register_module("proj", std::make_shared<nn::Linear>(width, width));
    norm2_ = register_module("norm2", std::make_shared<nn::LayerNorm>(width));
    mlp_ = register_module("mlp", std::make_shared<nn::Perceptron>(nn::PerceptronOptions{
                                      .width = width, .hidden = hidden, .dropout = dropout}));
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(dropout));
  }
  /// [n, width] -> the same; `first` takes the attention of the first token, [n], without gradient.
  at::Tensor forward(const at::Tensor& x, at::Tensor* first) {
    const int64_t count = x.size(0), width = x.size(1);
    const auto parts = qkv_->forward(norm1_->forward(x))
                           .view({count, 3, heads_, width / heads_})
                           .permute({1, 2, 0, 3})
                           .unsqueeze(1)
                           .unbind(0);  // [1, heads, n, d]
    if (first != nullptr) {
      const at::NoGradGuard no_grad;
      const at::Tensor products = at::matmul(parts[0].narrow(2, 0, 1), parts[1].transpose(2, 3));
      const auto wide = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
      const double scale = 1 / std::sqrt(static_cast<double>(width / heads_));
      *first = (products.to(wide) * scale).softmax(3).mean(1).view({count});
    }
    const at::Tensor mixed = attention_->forward(parts[0], parts[1], parts[2]);
    const at::Tensor joined = mixed.squeeze(0).transpose(0, 1).reshape({count, width});
    const at::Tensor y = x + dropout_->forward(out_->forward(joined));
    return y + dropout_->forward(mlp_->forward(norm2_->forward(y)));
  }

 private:
  int64_t heads_;
  std::shared_ptr<nn::LayerNorm> norm1_, norm2_;
  std::shared_ptr<nn::Linear> qkv_, out_;
  std::shared_ptr<nn::ScaledDotProduct> attention_;
  std::shared_ptr<nn::Perceptron> mlp_;
  std::shared_ptr<nn::Dropout> dropout_;
};

class TransformerPool final : public BagPool {
 public:
  TransformerPool(const TransformerPoolOptions& options, const BagShape& shape)
      : BagPool(shape), embedding_(*this, shape.width, options.embed_dim) {
    const int64_t width = embedding_.width();
    if (width % options.heads != 0)
      core::fail_usage("bag_pool: heads: " + std::to_string(options.heads) + " must divide the width (" +
                       std::to_string(width) + "); set `embed_dim` or other `heads`");
    class_token_ =
        register_module("class_token", std::make_shared<nn::PrefixToken>(register_parameter(
                                           "cls_token", nn::make_tensor({1, 1, width}, [](at::Tensor& t) {
                                             nn::fill_truncated_normal(t, 0.02);
                                           }))));
    const auto layers = register_module("layers", std::make_shared<torch::nn::Module>());
    for (int64_t layer = 0; layer < options.depth; ++layer)
      layers_.push_back(layers->register_module(
          std::to_string(layer),
          std::make_shared<PoolLayer>(width, options.heads, options.mlp_dim > 0 ? options.mlp_dim : 4 * width,
                                      options.dropout)));
    norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(width));
  }
  int64_t width() const override { return embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor embedded = embedding_.forward(bags.features);
    std::vector<at::Tensor> tokens, attention;
    for (int64_t bag = 0; bag < bags.count(); ++bag) {
      at::Tensor x = class_token_->forward(bags.of(embedded, bag).unsqueeze(0)).squeeze(0);
      at::Tensor first;
      for (const auto& layer : layers_) x = layer->forward(x, layer == layers_.back() ? &first : nullptr);
      tokens.push_back(norm_->forward(x.slice(0, 0, 1)));
      const at::Tensor of_instances = first.slice(0, 1) + 1e-12;  // not all of them 0
      attention.push_back(of_instances / of_instances.sum());
    }
    return {at::stack(tokens), {}, at::cat(attention)};
  }

 private:
  InstanceEmbedding embedding_;
  std::shared_ptr<nn::PrefixToken> class_token_;
  std::vector<std::shared_ptr<PoolLayer>> layers_;
  std::shared_ptr<nn::LayerNorm> norm_;
};

}  // namespace

BagPoolRow transformer_row() {
  return bag_pool_row<TransformerPool, TransformerPoolOptions>(
      "transformer", "a transformer encoder with a class token, quadratic in the instances of a bag",
      {.source = "Vaswani et al. 2017, arXiv 1706.03762", .attention = true});
}

}  // namespace photo51::backbones
