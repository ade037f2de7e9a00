/// Fully connected layers of each instance, and the largest over the bag: of the score of each class that a
/// last layer makes (mi-Net), or of each feature (MI-Net). Wang et al., Revisiting multiple instance neural
/// networks, Pattern Recognition 2018. In training mi-Net's highest scores have the published loss of their
/// own, `max`, which gives them their sign: the head sees a number that is higher for a class's instances.

#include <torch/nn/module.h>

#include <string>
#include <vector>

#include "backbones/mil/highest_score.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/bag_pool.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/nn/layers/dropout.hpp"
#include "photo51/nn/layers/linear.hpp"

namespace photo51::backbones {
namespace {

class MiNet final : public BagPool {
 public:
  MiNet(const MiNetOptions& options, const BagShape& shape)
      : BagPool(shape), width_(shape.width), max_loss_weight_(options.max_loss_weight) {
    for (const int64_t hidden : options.hidden) {
      const std::string name = "fc" + std::to_string(layers_.size() + 1);
      layers_.push_back(register_module(name, std::make_shared<nn::Linear>(width_, hidden)));
      width_ = hidden;
    }
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(options.dropout));
    if (options.level == MiNetLevel::embedding) return;
    const int64_t scores = scores_of_classes(choose_label("mi_net", options.head));
    score_ = register_module("score", std::make_shared<nn::Linear>(width_, scores));
    width_ = scores;
  }
  int64_t width() const override { return width_; }

 protected:
  Pooled pool(const Bags& bags) override {
    at::Tensor x = bags.features;
    for (const auto& layer : layers_) x = dropout_->forward(layer->forward(x).relu());
    if (score_) x = score_->forward(x);
    const at::Tensor largest = bags.largest(x);
    Pooled pooled{largest.unsqueeze(1)};
    if (score_) pooled.scores = x;
    if (score_) teach_highest_scores(pooled, largest, bags.classes, max_loss_weight_);
    return pooled;
  }

 private:
  int64_t width_;
  double max_loss_weight_;
  std::vector<std::shared_ptr<nn::Linear>> layers_;
  std::shared_ptr<nn::Dropout> dropout_;
  std::shared_ptr<nn::Linear> score_;  ///< null at level embedding
};

}  // namespace

BagPoolRow mi_net_row() {
  return bag_pool_row<MiNet, MiNetOptions>(
      "mi_net", "the highest score (mi-Net) or largest features (MI-Net) of a small network",
      {.source = "Wang et al. 2018, arXiv 1610.02501",
       .passes = {MilTest::single_concept, MilTest::multi_concept, MilTest::false_frequency},
       .variants = {{"level=embedding", {MilTest::false_frequency}}}});
}

}  // namespace photo51::backbones
