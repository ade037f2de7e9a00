#pragma once
/// The config's interpolations. Internal to the room.

#include "photo51/ops/resample.hpp"
#include "photo51/preprocess/options.hpp"

namespace photo51::preprocess {

inline ops::Interpolation interpolation_from(Interpolation option) {
  if (option == Interpolation::nearest) return ops::Interpolation::nearest;
  return option == Interpolation::cubic ? ops::Interpolation::cubic : ops::Interpolation::linear;
}

}  // namespace photo51::preprocess
