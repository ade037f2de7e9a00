#pragma once
/// Options of the encoder of bags of vectors.

#include <cstdint>

#include "photo51/backbones/image_encoder_options.hpp"
#include "photo51/config/fields.hpp"

namespace photo51::backbones {

struct FeatureEncoderOptions {
  int64_t width = 0;   ///< that each vector is projected to; 0 = none is
  double dropout = 0;  ///< of what is pooled
  BagPoolOptions bag{.chunk = 4096};
};
void describe(config::Fields& f, FeatureEncoderOptions& o);

}  // namespace photo51::backbones
