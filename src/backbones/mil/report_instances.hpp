#pragma once
/// What a pool says of single instances, as encoders of bags report it.

#include "photo51/backbones/mil/bag_pool.hpp"

namespace photo51::backbones {

/// Adds attention and scores of the instances at `places` [P] of a batch of `count` to `tokens.attention`;
/// those of absent bags are zeros.
void report_instances(Tokens& tokens, const BagPool::Pooled& pooled, const at::Tensor& places, int64_t count);

}  // namespace photo51::backbones
