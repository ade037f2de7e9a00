#include "backbones/mil/attend.hpp"

#include <torch/nn/module.h>

#include <vector>

#include "photo51/ops/bag_attention.hpp"

namespace photo51::backbones {

Attended attend(const at::Tensor& values, const at::Tensor& scores, const Bags& bags) {
  if (ops::has_bag_attention(values)) {
    const auto sums = values.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const ops::BagAttention found = ops::bag_attention_pool(values, scores.to(sums), bags.offsets);
    return {found.pooled, found.attention};
  }
  // A softmax does not change with what is taken off all scores of a bag, so no gradient goes that way.
  const at::Tensor weight = (scores - bags.largest(scores.detach()).index_select(0, bags.bag)).exp();
  const at::Tensor share = weight / bags.sum(weight).index_select(0, bags.bag);
  std::vector<at::Tensor> pooled;
  for (const at::Tensor& of_branch : share.split(1, 1)) pooled.push_back(bags.sum(values * of_branch));
  return {at::stack(pooled, 1), share};
}

}  // namespace photo51::backbones
