#pragma once
/// The options of bag pools, for all encoders that have one.

#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

/// `bag_pool`, `view_embedding`, `bag_chunk`.
void describe_bag(config::Fields& f, BagPoolOptions& o);

}  // namespace photo51::backbones
