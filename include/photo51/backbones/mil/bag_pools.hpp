#pragma once
/// What makes tokens of the instances of a bag, by the name that `bag_pool` gives.

#include <cstdint>
#include <memory>

#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

class BagPool;

using BuildBagPool = std::shared_ptr<BagPool> (*)(const BagPoolOptions& options, int64_t width,
                                                  int64_t views);
using BagPoolRow = config::Catalogue<BuildBagPool>::Row;
/// mean, max, attention, none.
config::Catalogue<BuildBagPool>& bag_pools();
/// The one that the options name. Error (usage): there is none of this name.
std::shared_ptr<BagPool> make_bag_pool(const BagPoolOptions& options, int64_t width, int64_t views);

}  // namespace photo51::backbones
