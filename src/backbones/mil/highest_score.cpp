#include "backbones/mil/highest_score.hpp"

#include <torch/nn/module.h>

namespace photo51::backbones {

void teach_highest_scores(BagPool::Pooled& pooled, const at::Tensor& highest, const at::Tensor& classes,
                          double weight) {
  if (!classes.defined() || weight == 0) return;
  const at::Tensor known = classes.ge(0).nonzero().squeeze(1);
  if (known.numel() == 0) return;
  const at::Tensor logits = highest.scalar_type() == at::kDouble ? highest : highest.to(at::kFloat);
  const at::Tensor of_known = classes.index_select(0, known);
  const at::Tensor targets =
      highest.size(1) == 1 ? of_known.unsqueeze(1) : at::one_hot(of_known, highest.size(1));
  pooled.losses["max"] = {
      at::binary_cross_entropy_with_logits(logits.index_select(0, known.to(logits.device())),
                                           targets.to(logits.options().requires_grad(false))),
      weight};
}

}  // namespace photo51::backbones
