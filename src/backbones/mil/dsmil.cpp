/// Dual-stream MIL, Li et al., Dual-stream multiple instance learning network for whole slide image
/// classification, CVPR 2021. For each class an instance classifier finds the critical instance m, the one of
/// the highest score; what is pooled is softmax over the bag of <q_i, q_m> / sqrt(H) of the values v_i, with
/// q_i = tanh(W2 relu(W1 f_i + b1) + b2) of H features, and v_i = f_i or relu(W_v f_i + b_v).
///
/// One token: the pooled values of each class, then the critical instances' scores, so that the head is both
/// streams' classifier. In training the scores have a loss of their own, `max`: cross-entropy of each class.
/// Two classes have one score, of the second.

#include <torch/nn/module.h>

#include <cmath>
#include <vector>

#include "backbones/mil/attend.hpp"
#include "backbones/mil/highest_score.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {
namespace {

class Dsmil final : public BagPool {
 public:
  Dsmil(const DsmilOptions& options, const BagShape& shape) : BagPool(shape), options_(options) {
    scores_ = scores_of_classes(choose_label("dsmil", options.head));
    classifier_ = register_module("i_classifier", std::make_shared<nn::Linear>(shape.width, scores_));
    const auto query = register_module("q", std::make_shared<torch::nn::Module>());
    query1_ = query->register_module("0", std::make_shared<nn::Linear>(shape.width, options.hidden));
    query2_ = query->register_module("2", std::make_shared<nn::Linear>(options.hidden, options.hidden));
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
    if (options.passing_v)
      value_ = register_module("v", std::make_shared<nn::Linear>(shape.width, shape.width));
  }
  int64_t width() const override { return scores_ * (shape().width + 1); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor& x = bags.features;
    const at::Tensor of_instances = classifier_->forward(x);
    const at::Tensor query = query2_->forward(query1_->forward(x).relu()).tanh();
    const at::Tensor value = value_ ? value_->forward(dropout_->forward(x)).relu() : x;
    std::vector<at::Tensor> products, largest;
    for (int64_t bag = 0; bag < bags.count(); ++bag) {
      const at::Tensor scores = bags.of(of_instances, bag), of_bag = bags.of(query, bag);
      const at::Tensor critical = scores.detach().argmax(0);  // [classes]
      largest.push_back(scores.gather(0, critical.unsqueeze(0)));
      products.push_back(at::matmul(of_bag, of_bag.index_select(0, critical).t()));
    }
    const double scale = 1 / std::sqrt(static_cast<double>(options_.hidden));
    const Attended found = attend(value, at::cat(products) * scale, bags);
    const at::Tensor critical = at::cat(largest);  // [B, classes]
    Pooled pooled{at::cat({found.pooled.flatten(1), critical.to(found.pooled.scalar_type())}, 1).unsqueeze(1),
                  {},
                  found.attention.mean(1)};
    pooled.scores = of_instances;
    teach_highest_scores(pooled, critical, bags.classes, options_.max_loss_weight);
    return pooled;
  }

 private:
  DsmilOptions options_;
  int64_t scores_ = 1;
  std::shared_ptr<nn::Linear> classifier_, query1_, query2_;
  std::shared_ptr<nn::Linear> value_;  ///< null without
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace

BagPoolRow dsmil_row() {
  return bag_pool_row<Dsmil, DsmilOptions>("dsmil",
                                           "attention to likeness with the instance of the highest score",
                                           {.source = "Li et al. 2021, arXiv 2011.08939",
                                            .passes = {MilTest::false_frequency},
                                            .attention = true});
}

}  // namespace photo51::backbones
