#include "photo51/radiogenomics/detection/hard_negatives.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <vector>

#include "photo51/radiogenomics/detection/matching.hpp"

namespace photo51::radiogenomics {
namespace {

/// `count` of the places at random; [count].
at::Tensor some_of(const at::Tensor& places, int64_t count, core::Random& random) {
  if (count >= places.size(0)) return places;
  std::vector<int64_t> order = random.permutation(places.size(0));
  order.resize(static_cast<size_t>(count));
  return places.index_select(0, at::tensor(order, at::kLong).to(places.device()));
}

}  // namespace

at::Tensor sample_hard_negatives(const at::Tensor& matches, const at::Tensor& scores,
                                 const HardNegativeOptions& options, core::Random& random) {
  const at::Tensor positive = (matches >= 0).nonzero().squeeze(1);
  const at::Tensor negative = (matches == match_none).nonzero().squeeze(1);
  const int64_t positives =
      std::min(positive.size(0),
               static_cast<int64_t>(static_cast<double>(options.anchors) * options.positive_fraction));
  const auto asked = static_cast<int64_t>(static_cast<double>(std::max<int64_t>(positives, 1)) *
                                          (1 / options.positive_fraction - 1));
  const int64_t negatives = std::min(negative.size(0), std::max(asked, options.least_negatives));
  const int64_t pool =
      std::min(negative.size(0), static_cast<int64_t>(static_cast<double>(negatives) * options.pool));
  const at::Tensor order =
      scores.detach().index_select(0, negative).argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  const at::Tensor hardest = negative.index_select(0, order.narrow(0, 0, pool));
  const at::Tensor taken =
      at::cat({some_of(positive, positives, random), some_of(hardest, negatives, random)});
  return std::get<0>(taken.sort());
}

}  // namespace photo51::radiogenomics
