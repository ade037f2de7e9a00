#pragma once
/// Computed tomography: volumes in Hounsfield units.

#include "photo51/data/modality/image.hpp"

namespace photo51::data {

struct CtOptions : ImageOptions {
  static constexpr const char* modality = "ct";
};
void describe(config::Fields& f, CtOptions& o);

}  // namespace photo51::data
