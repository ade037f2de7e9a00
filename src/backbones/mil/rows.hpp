#pragma once
/// The rows of the table of bag pools, each defined in the file of its name.

#include "photo51/backbones/mil/bag_pools.hpp"

namespace photo51::backbones {

BagPoolRow mean_row();
BagPoolRow max_row();
BagPoolRow attention_row();
BagPoolRow none_row();

}  // namespace photo51::backbones
