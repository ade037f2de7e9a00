#pragma once
/// Magnetic resonance images: volumes, one sequence a channel.

#include "photo51/data/modality/image.hpp"

namespace photo51::data {

struct MriOptions : ImageOptions {
  static constexpr const char* modality = "mri";
};
void describe(config::Fields& f, MriOptions& o);

}  // namespace photo51::data
