/// One token: the sum of w_i f_i with w = softmax over the bag of a' (tanh(V f_i) * sigmoid(U f_i)). Gated
/// attention, Ilse et al., Attention-based deep multiple instance learning, ICML 2018, with the parameter
/// names of the authors' code.

#include <torch/nn/module.h>

#include <string>

#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/ops/bag_attention.hpp"
#include "photo51/ops/gated_scores.hpp"

namespace photo51::backbones {
namespace {

/// torch.nn.Sequential's name of a layer that an activation follows.
std::shared_ptr<nn::Linear> sequential(torch::nn::Module& parent, const std::string& name, int64_t in,
                                       int64_t out) {
  auto module = parent.register_module(name, std::make_shared<torch::nn::Module>());
  return module->register_module("0", std::make_shared<nn::Linear>(in, out));
}

class AttentionPool final : public BagPool {
 public:
  AttentionPool(const BagPoolOptions& options, int64_t width, int64_t views)
      : BagPool(options, width, views) {
    v_ = sequential(*this, "attention_V", width, options.attention_width);
    u_ = sequential(*this, "attention_U", width, options.attention_width);
    w_ = register_module("attention_w", std::make_shared<nn::Linear>(options.attention_width, 1));
  }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor& x = bags.features;
    const at::Tensor score = scores(x);
    if (ops::has_bag_attention(x)) {
      const auto sums = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
      const ops::BagAttention found = ops::bag_attention_pool(x, score.to(sums), bags.offsets);
      return {found.pooled, {}, found.attention.squeeze(1)};
    }
    // A softmax does not change with what is taken off all scores of a bag, so no gradient goes that way.
    const at::Tensor flat = score.squeeze(1);
    const at::Tensor weight = (flat - bags.largest(flat.detach()).index_select(0, bags.bag)).exp();
    const at::Tensor share = weight / bags.sum(weight).index_select(0, bags.bag);
    return {bags.sum(x * share.unsqueeze(1)).unsqueeze(1), {}, share};
  }

 private:
  /// [N, 1]. Both matrices in one product, and what follows it in one pass, unless a layer is looked into or
  /// adapted.
  at::Tensor scores(const at::Tensor& x) const {
    const auto is_plain = [](const auto& layer) { return !layer->adapter() && !nn::is_captured(*layer); };
    if (is_plain(v_) && is_plain(u_) && is_plain(w_)) {
      const at::Tensor weight = at::cat({v_->weight, u_->weight});
      // The product's type, which autocast may choose, is that of no instance.
      const at::ScalarType type = at::linear(x.narrow(0, 0, 0), weight).scalar_type();
      const auto sums = type == at::kDouble ? at::kDouble : at::kFloat;
      if (ops::has_gated_scores(x.device(), type))
        return ops::gated_scores_of(x, weight, at::cat({v_->bias, u_->bias}).to(sums), w_->weight.to(sums),
                                    type) +
               w_->bias;
    }
    return w_->forward(v_->forward(x).tanh() * u_->forward(x).sigmoid());
  }

  std::shared_ptr<nn::Linear> v_, u_, w_;
};

}  // namespace

BagPoolRow attention_row() {
  return {config::component("attention", "a mean weighted by gated attention"),
          [](const BagPoolOptions& options, int64_t width, int64_t views) -> std::shared_ptr<BagPool> {
            return std::make_shared<AttentionPool>(options, width, views);
          }};
}

}  // namespace photo51::backbones
