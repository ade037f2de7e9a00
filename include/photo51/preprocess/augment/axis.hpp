#pragma once
/// The axes of an image, as they are mirrored.

#include <span>
#include <string_view>

namespace photo51::preprocess {

/// Of voxels: x goes along a row, y along a column, z from slice to slice.
enum class Axis { x, y, z };
/// As configs write them.
std::span<const std::string_view> enum_names(Axis);

}  // namespace photo51::preprocess
