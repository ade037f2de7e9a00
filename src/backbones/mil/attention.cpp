/// One token: the sum of w_i f_i with w = softmax over the bag of a' (tanh(V f_i) * sigmoid(U f_i)). Gated
/// attention, Ilse et al., Attention-based deep multiple instance learning, ICML 2018, with the parameter
/// names of the authors' code.

#include <torch/nn/module.h>

#include <string>

#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/nn/layers/linear.hpp"

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
    const at::Tensor gated = v_->forward(x).tanh() * u_->forward(x).sigmoid();
    const at::Tensor score = w_->forward(gated).squeeze(1);
    // A softmax does not change with what is taken off all scores of a bag, so no gradient goes that way.
    const at::Tensor weight = (score - bags.largest(score.detach()).index_select(0, bags.bag)).exp();
    const at::Tensor share = weight / bags.sum(weight).index_select(0, bags.bag);
    return {bags.sum(x * share.unsqueeze(1)).unsqueeze(1), {}, share};
  }

 private:
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
