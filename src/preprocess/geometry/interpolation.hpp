#pragma once
/// The config's names of interpolations. Internal to the room.

#include <string>

#include "photo51/ops/resample.hpp"

namespace photo51::preprocess {

inline ops::Interpolation interpolation_from(const std::string& name) {
  if (name == "nearest") return ops::Interpolation::nearest;
  return name == "cubic" ? ops::Interpolation::cubic : ops::Interpolation::linear;
}

}  // namespace photo51::preprocess
