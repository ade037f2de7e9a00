#pragma once
/// Masks of several classes: a map with a number a voxel.

#include <cstdint>
#include <filesystem>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

/// More than these a map cannot tell apart.
inline constexpr size_t most_classes = 250;

/// A map of classes as uint8 [1, D, H, W] with Units::label: 0 is the background and k the class of
/// `values[k - 1]`: a value of a label map, the number of a segment (SEG) or of an ROI (RTSTRUCT). Without
/// `values` there is one class, which is what `read_mask` finds; what stands behind `#` in the path picks it.
/// A class that the file does not hold is nowhere in the map. Segments and ROIs that are no class are
/// background; where several meet, the last class of `values` is the one, with a warning. Like `read_mask` it
/// stays on its own grid, and `images` are what it may have been drawn on.
///
/// Errors (data): those of `read_mask`; a label map of several channels, or with a value that is neither 0
/// nor one of `values` (which lists them); (usage) a choice in the path beside `values`, more than
/// `most_classes`.
Volume read_classes(const std::filesystem::path& path, const std::vector<const Volume*>& images,
                    const std::vector<int64_t>& values);

/// `classes` where it lies on `image`, as `placed_on` has it of a mask.
Volume classes_on(Volume classes, const Volume& image);
/// By the nearest voxel's centre on another grid, without checks; 0 outside.
Volume classes_on_grid(const Volume& classes, const Geometry& grid);

}  // namespace photo51::imaging
