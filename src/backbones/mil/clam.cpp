/// Clustering-constrained attention, Lu et al., Data-efficient and weakly supervised computational pathology
/// on whole-slide images, Nature Biomedical Engineering 2021: instances h_i = ReLU(W f_i + b) and gated
/// attention, with one branch (clam_sb: one token of `embed_dim` features) or one for each class (clam_mb:
/// the branches' sums side by side in one token).
///
/// In training, for a bag of class y, the `k_sample` instances of most attention are taught to be evidence of
/// y (1), those of least attention not to be (0), by a classifier of two outputs that each class has; with
/// `subtyping` those of most attention are taught not to be evidence of the other classes, and the sum is
/// divided by the number of classes. The loss `instance` is the mean over the bags whose class is known.

#include <torch/nn/module.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backbones/mil/attend.hpp"
#include "backbones/mil/embedding.hpp"
#include "backbones/mil/gated_attention.hpp"
#include "backbones/mil/rows.hpp"
#include "photo51/backbones/mil/options.hpp"

namespace photo51::backbones {
namespace {

/// Mean over rows of logits [R, 2] whose class is `targets` [R]. The smooth top-1 SVM with temperature and
/// margin 1 (Berrada et al., Smooth loss functions for deep top-k classification, ICLR 2018):
/// log sum_j exp(s_j + [j != y]) - s_y.
at::Tensor two_class_loss(const at::Tensor& logits, const at::Tensor& targets, ClamInstanceLoss kind) {
  const at::Tensor s = logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat);
  if (kind == ClamInstanceLoss::cross_entropy) return at::cross_entropy_loss(s, targets);
  const at::Tensor margin = 1 - at::one_hot(targets, 2).to(s.scalar_type());
  return ((s + margin).logsumexp(1) - s.gather(1, targets.unsqueeze(1)).squeeze(1)).mean();
}

class Clam : public BagPool {
 public:
  Clam(const ClamOptions& options, const BagShape& shape, const std::string& name, bool branch_a_class)
      : BagPool(shape),
        options_(options),
        classes_(choose_label(name, options.head)),
        branches_(branch_a_class ? classes_ : 1),
        embedding_(*this, shape.width, options.embed_dim, options.dropout),
        attention_(*this, {.width = options.embed_dim,
                           .hidden = options.hidden,
                           .branches = branches_,
                           .dropout = options.dropout}) {
    const auto all = register_module("instance_classifiers", std::make_shared<torch::nn::Module>());
    for (int64_t of_class = 0; of_class < classes_; ++of_class)
      classifiers_.push_back(
          all->register_module(std::to_string(of_class), std::make_shared<nn::Linear>(options.embed_dim, 2)));
  }
  int64_t width() const override { return branches_ * embedding_.width(); }

 protected:
  Pooled pool(const Bags& bags) override {
    const at::Tensor x = embedding_.forward(bags.features);
    const at::Tensor scores = attention_.scores(x);
    const Attended found = attend(x, scores, bags);
    Pooled pooled{found.pooled.reshape({bags.count(), 1, width()}), {}, found.attention.mean(1)};
    if (bags.classes.defined() && options_.instance_loss_weight > 0) {
      const at::Tensor loss = instance_loss(bags, x, scores.detach());
      if (loss.defined()) pooled.losses["instance"] = {loss, options_.instance_loss_weight};
    }
    return pooled;
  }

 private:
  /// Undefined where no bag's class is known.
  at::Tensor instance_loss(const Bags& bags, const at::Tensor& x, const at::Tensor& scores) const {
    at::Tensor sum;
    int64_t known = 0;
    for (int64_t bag = 0; bag < bags.count(); ++bag) {
      const auto of_bag = bags.classes[bag].item<int64_t>();
      if (of_bag < 0) continue;
      const at::Tensor one = loss_of_bag(bags.of(x, bag), bags.of(scores, bag), of_bag);
      sum = sum.defined() ? sum + one : one;
      ++known;
    }
    return known > 0 ? sum / known : at::Tensor();
  }

  at::Tensor loss_of_bag(const at::Tensor& x, const at::Tensor& scores, int64_t of_bag) const {
    const int64_t count = std::min(options_.k_sample, x.size(0));
    const auto score_of = [&](int64_t of_class) { return scores.select(1, branches_ > 1 ? of_class : 0); };
    const auto most = [&](int64_t of_class) { return std::get<1>(score_of(of_class).topk(count)); };
    const at::Tensor least = std::get<1>(score_of(of_bag).topk(count, 0, /*largest=*/false));
    const at::Tensor one = at::ones({count}, least.options()), zero = at::zeros({count}, least.options());
    const auto loss = [&](int64_t of_class, const at::Tensor& chosen, const at::Tensor& targets) {
      const auto& classifier = classifiers_[static_cast<size_t>(of_class)];
      return two_class_loss(classifier->forward(x.index_select(0, chosen)), targets, options_.instance_loss);
    };
    at::Tensor sum = loss(of_bag, at::cat({most(of_bag), least}), at::cat({one, zero}));
    if (!options_.subtyping) return sum;
    for (int64_t other = 0; other < classes_; ++other)
      if (other != of_bag) sum = sum + loss(other, most(other), zero);
    return sum / classes_;
  }

  ClamOptions options_;
  int64_t classes_, branches_;
  InstanceEmbedding embedding_;
  GatedAttention attention_;
  std::vector<std::shared_ptr<nn::Linear>> classifiers_;  ///< by class
};

class ClamSb final : public Clam {
 public:
  ClamSb(const ClamOptions& options, const BagShape& shape) : Clam(options, shape, "clam_sb", false) {}
};

class ClamMb final : public Clam {
 public:
  ClamMb(const ClamOptions& options, const BagShape& shape) : Clam(options, shape, "clam_mb", true) {}
};

}  // namespace

BagPoolRow clam_sb_row() {
  return bag_pool_row<ClamSb, ClamOptions>("clam_sb",
                                           "gated attention whose extremes are taught by the label (CLAM-SB)",
                                           {.source = "Lu et al. 2021, arXiv 2004.09666",
                                            .passes = {MilTest::false_frequency},
                                            .attention = true});
}

BagPoolRow clam_mb_row() {
  return bag_pool_row<ClamMb, ClamOptions>("clam_mb", "the same with a branch for each class (CLAM-MB)",
                                           {.source = "Lu et al. 2021, arXiv 2004.09666",
                                            .passes = {MilTest::false_frequency},
                                            .attention = true});
}

}  // namespace photo51::backbones
