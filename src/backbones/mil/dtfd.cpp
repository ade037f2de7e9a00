/// Zhang et al., DTFD-MIL: double-tier feature distillation multiple instance learning for histopathology
/// whole slide image classification, CVPR 2022. Instances h_i = ReLU(W f_i) of a bag fall at random into
/// `pseudo_bags` parts of almost the same size, each of which has the bag's label. First tier: gated
/// attention over each pseudo-bag and a classifier, with a loss of their own (`tier_1`: cross-entropy, mean
/// over a bag's pseudo-bags, then over the bags whose class is known). What is distilled of each pseudo-bag
/// (its aggregated feature, or instances chosen by the probability that the classifier gives a_i h_i) is
/// pooled by the gated attention of the second tier to one token, whose classifier is the head.
///
/// Of two classes the probability is that of the second; of more, that of the class of the pseudo-bag's own
/// prediction. In training the parts come from a counter-based stream that is keyed by a number of torch's
/// default generator; otherwise they depend on the bag's size alone.

#include <torch/nn/module.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "backbones/mil/attend.hpp"
#include "backbones/mil/embedding.hpp"
#include "backbones/mil/gated_attention.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/options.hpp"
#include "photo51/core/random.hpp"

namespace photo51::backbones {
namespace {

/// Bags of the instances of other bags.
struct Parts {
  at::Tensor order;  ///< [N'] int64, on the device: the place of each instance among the others
  Bags bags;
};

class Dtfd final : public BagPool {
 public:
  Dtfd(const DtfdOptions& options, const BagShape& shape)
      : BagPool(shape),
        options_(options),
        embedding_(*this, shape.width, options.embed_dim, 0, /*with_bias=*/false) {
    const int64_t classes = choose_label("dtfd", options.head);
    const GatedAttention::Shape attention{.width = options.embed_dim, .hidden = options.hidden};
    tier_1_.emplace(*register_module("tier_1", std::make_shared<torch::nn::Module>()), attention);
    classifier_ = register_module("classifier", std::make_shared<nn::Linear>(options.embed_dim, classes));
    dropout_ = register_module("classifier_dropout", std::make_shared<nn::Dropout>(options.dropout));
    tier_2_.emplace(*register_module("tier_2", std::make_shared<torch::nn::Module>()), attention);
  }
  int64_t width() const override { return embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor x = embedding_.forward(bags.features);
    std::vector<int64_t> counts;  // of pseudo-bags, by bag
    const Parts pseudo = pseudo_bags(bags, counts);
    const at::Tensor of_pseudo = x.index_select(0, pseudo.order);
    const Attended first = attend(of_pseudo, tier_1_->scores(x).index_select(0, pseudo.order), pseudo.bags);
    const at::Tensor aggregated = first.pooled.squeeze(1);
    const at::Tensor logits = classifier_->forward(dropout_->forward(aggregated));

    const bool all = options_.distillation == DtfdDistillation::afs;
    std::vector<int64_t> lengths = counts;
    at::Tensor chosen;  // places among the instances of the pseudo-bags
    if (!all) chosen = distilled(pseudo.bags, of_pseudo, first.attention, logits, counts, lengths);
    const at::Tensor distilled_values = all ? aggregated : of_pseudo.index_select(0, chosen);
    const Attended second =
        attend(distilled_values, tier_2_->scores(distilled_values), bags_of(lengths, x.device()));

    Pooled pooled{second.pooled};
    {
      const at::NoGradGuard no_grad;
      const at::Tensor share = second.attention.squeeze(1);
      const at::Tensor zeros = at::zeros({x.size(0)}, share.options());
      pooled.attention =
          all ? zeros.index_copy(0, pseudo.order,
                                 first.attention.squeeze(1) * share.index_select(0, pseudo.bags.bag))
              : zeros.index_add(0, pseudo.order.index_select(0, chosen), share);
    }
    if (bags.classes.defined() && options_.tier_1_loss_weight > 0) {
      const at::Tensor loss = tier_1_loss(logits, bags.classes, counts);
      if (loss.defined()) pooled.losses["tier_1"] = {loss, options_.tier_1_loss_weight};
    }
    return pooled;
  }

 private:
  static Bags bags_of(const std::vector<int64_t>& sizes, const at::Device& device) {
    const at::Tensor lengths = at::tensor(sizes, at::kLong);
    return {{},
            lengths.to(device),
            at::repeat_interleave(lengths).to(device),
            at::cat({at::zeros({1}, at::kLong), lengths.cumsum(0)}),
            sizes.empty() ? 0 : *std::max_element(sizes.begin(), sizes.end()),
            {}};
  }

  Parts pseudo_bags(const Bags& bags, std::vector<int64_t>& counts) const {
    const auto key =
        is_training() ? static_cast<uint64_t>(at::randint(int64_t{1} << 62, {1}, at::kLong).item<int64_t>())
                      : 0;
    std::vector<int64_t> order, sizes;
    for (int64_t bag = 0; bag < bags.count(); ++bag) {
      const auto [begin, size] = bags.range(bag);
      core::Random random(
          {core::hash_key("pseudo_bags"), key, static_cast<uint64_t>(is_training() ? bag : size)});
      for (const int64_t place : random.permutation(size)) order.push_back(begin + place);
      const int64_t parts = std::min(options_.pseudo_bags, size);
      for (int64_t part = 0; part < parts; ++part)
        sizes.push_back(size / parts + (part < size % parts ? 1 : 0));
      counts.push_back(parts);
    }
    const at::Device device = bags.features.device();
    return {at::tensor(order, at::kLong).to(device), bags_of(sizes, device)};
  }

  /// The instances that go on, and by bag how many they are.
  at::Tensor distilled(const Bags& pseudo, const at::Tensor& x, const at::Tensor& attention,
                       const at::Tensor& logits, const std::vector<int64_t>& counts,
                       std::vector<int64_t>& lengths) const {
    const at::NoGradGuard no_grad;
    const at::Tensor of_instances =
        at::linear(x * attention.to(x.scalar_type()), classifier_->weight).softmax(1, at::kFloat);
    std::vector<at::Tensor> chosen;
    int64_t number = 0;
    for (size_t bag = 0; bag < counts.size(); ++bag) {
      lengths[bag] = 0;
      for (int64_t part = 0; part < counts[bag]; ++part, ++number) {
        const auto [begin, size] = pseudo.range(number);
        const at::Tensor of_part = pseudo.of(of_instances, number);
        const at::Tensor probability =
            of_part.size(1) == 2 ? of_part.select(1, 1)
                                 : of_part.index_select(1, logits[number].argmax(0, true)).squeeze(1);
        const int64_t count = std::min(options_.k_sample, size);
        chosen.push_back(std::get<1>(probability.topk(count)) + begin);
        if (options_.distillation == DtfdDistillation::maxmins)
          chosen.push_back(std::get<1>(probability.topk(count, 0, /*largest=*/false)) + begin);
        lengths[bag] += options_.distillation == DtfdDistillation::maxmins ? 2 * count : count;
      }
    }
    return at::cat(chosen);
  }

  /// Undefined where no bag's class is known.
  static at::Tensor tier_1_loss(const at::Tensor& logits, const at::Tensor& classes,
                                const std::vector<int64_t>& counts) {
    const int64_t known = classes.ge(0).sum().item<int64_t>();
    if (known == 0) return {};
    std::vector<int64_t> rows, targets;
    std::vector<double> weights;
    int64_t row = 0;
    for (size_t bag = 0; bag < counts.size(); ++bag) {
      const auto of_bag = classes[static_cast<int64_t>(bag)].item<int64_t>();
      for (int64_t part = 0; part < counts[bag]; ++part, ++row) {
        if (of_bag < 0) continue;
        rows.push_back(row);
        targets.push_back(of_bag);
        weights.push_back(1.0 / static_cast<double>(counts[bag] * known));
      }
    }
    const auto on_device = [&](const at::Tensor& host) { return host.to(logits.device()); };
    const at::Tensor wide = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
    const at::Tensor losses =
        at::cross_entropy_loss(wide.index_select(0, on_device(at::tensor(rows, at::kLong))),
                               on_device(at::tensor(targets, at::kLong)), {}, at::Reduction::None);
    return (losses * on_device(at::tensor(weights, at::kDouble)).to(losses.scalar_type())).sum();
  }

  DtfdOptions options_;
  InstanceEmbedding embedding_;
  std::optional<GatedAttention> tier_1_, tier_2_;
  std::shared_ptr<nn::Linear> classifier_;  ///< of the pseudo-bags
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace

BagPoolRow dtfd_row() {
  return bag_pool_row<Dtfd, DtfdOptions>(
      "dtfd", "attention over what is distilled of random parts of the bag",
      {.source = "Zhang et al. 2022, arXiv 2203.12081",
       .passes = {MilTest::false_frequency},
       .variants = {{"distillation=maxs pseudo_bags=1 k_sample=2",
                     {MilTest::single_concept, MilTest::multi_concept, MilTest::false_frequency}}},
       .attention = true});
}

}  // namespace photo51::backbones
