/// One token: the sum of w_i f_i with w = softmax over the bag of a' (tanh(V f_i) * sigmoid(U f_i)). Gated
/// attention, Ilse et al., Attention-based deep multiple instance learning, ICML 2018, with the parameter
/// names of the authors' code.

#include <torch/nn/module.h>

#include "backbones/mil/attend.hpp"
#include "backbones/mil/embedding.hpp"
#include "backbones/mil/gated_attention.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/options.hpp"

namespace photo51::backbones {
namespace {

class GatedAbmil final : public BagPool {
 public:
  GatedAbmil(const AbmilOptions& options, const BagShape& shape)
      : BagPool(shape),
        embedding_(*this, shape.width, options.embed_dim, options.dropout),
        attention_(*this,
                   {.width = embedding_.width(), .hidden = options.hidden, .dropout = options.dropout}) {}
  int64_t width() const override { return embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor x = embedding_.forward(bags.features);
    const Attended found = attend(x, attention_.scores(x), bags);
    return {found.pooled, {}, found.attention.squeeze(1)};
  }

 private:
  InstanceEmbedding embedding_;
  GatedAttention attention_;
};

}  // namespace

BagPoolRow gated_abmil_row() {
  return bag_pool_row<GatedAbmil, AbmilOptions>("gated_abmil", "a mean weighted by gated attention",
                                                {.source = "Ilse et al. 2018, arXiv 1802.04712",
                                                 .passes = {MilTest::false_frequency},
                                                 .attention = true});
}

}  // namespace photo51::backbones
