#pragma once
/// The names of the voxel axes. Internal to the room.

#include <string>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::preprocess {

/// x, y, z as 0, 1, 2. Error (usage) for another name.
inline size_t axis_named(const std::string& axis) {
  if (axis == "x") return 0;
  if (axis == "y") return 1;
  if (axis == "z") return 2;
  core::fail_usage("flip: there is no axis `" + axis + "`" + core::suggest(axis, {"x", "y", "z"}));
}

}  // namespace photo51::preprocess
