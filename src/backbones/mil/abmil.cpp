/// One token: the sum of w_i f_i with w = softmax over the bag of a' tanh(V f_i). Ilse et al.,
/// Attention-based deep multiple instance learning, ICML 2018, with the parameter names of the authors' code.

#include <torch/nn/module.h>

#include "backbones/mil/attend.hpp"
#include "backbones/mil/embedding.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/options.hpp"

namespace photo51::backbones {
namespace {

class Abmil final : public BagPool {
 public:
  Abmil(const AbmilOptions& options, const BagShape& shape)
      : BagPool(shape), embedding_(*this, shape.width, options.embed_dim, options.dropout) {
    const auto attention = register_module("attention", std::make_shared<torch::nn::Module>());
    v_ = attention->register_module("0", std::make_shared<nn::Linear>(embedding_.width(), options.hidden));
    w_ = attention->register_module("2", std::make_shared<nn::Linear>(options.hidden, 1));
    dropout_ = register_module("attention_dropout", std::make_shared<nn::Dropout>(options.dropout));
  }
  int64_t width() const override { return embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor x = embedding_.forward(bags.features);
    const at::Tensor scores = w_->forward(dropout_->forward(v_->forward(x).tanh()));
    const Attended found = attend(x, scores, bags);
    return {found.pooled, {}, found.attention.squeeze(1)};
  }

 private:
  InstanceEmbedding embedding_;
  std::shared_ptr<nn::Linear> v_, w_;
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace

BagPoolRow abmil_row() {
  return bag_pool_row<Abmil, AbmilOptions>("abmil", "a mean weighted by attention",
                                           {.source = "Ilse et al. 2018, arXiv 1802.04712",
                                            .passes = {MilTest::false_frequency},
                                            .attention = true});
}

}  // namespace photo51::backbones
