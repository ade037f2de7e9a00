#pragma once
/// The fingerprint of a cohort's images: what each file holds, on the axes that preparation gives it.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/plan/columns.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

/// The box of some voxels: first, and one behind the last; axes x, y, z.
struct VoxelBox {
  std::array<int64_t, 3> begin{0, 0, 0}, end{0, 0, 0};
  int64_t length(size_t axis) const { return end[axis] - begin[axis]; }
};

/// One file. Sizes, spacings and boxes are along the patient's axes x, y, z (LPS) where the file says how its
/// own lie, else along its own.
struct FileFacts {
  size_t row = 0;
  std::filesystem::path path;
  std::string kind;  ///< imaging::Inspection's: volume, slide, cine, segmentation, structure_set, other
  imaging::Modality modality = imaging::Modality::unknown;
  imaging::Units units = imaging::Units::unknown;
  imaging::Geometry geometry;  ///< on those axes
  std::array<int64_t, 3> size{0, 0, 0};
  std::optional<std::array<double, 3>> spacing;  ///< mm; absent when the file does not say
  bool oriented = false;
  int64_t channels = 1;
  double min = 0, max = 0;
  std::optional<VoxelBox> nonzero;  ///< of the voxels that are not 0; absent when there are none
  std::vector<double> values;       ///< all that there are, ascending, when they are few whole numbers
  std::vector<double> sample;       ///< of the voxels that are not 0, evenly spread
  std::string error;                ///< why it cannot be read
};

/// mm, of pictures, so that the axis across them is the coarsest; as nnU-Net reads pictures.
inline constexpr double thickness_of_pictures = 999;
/// The most values that `FileFacts::values` lists.
inline constexpr size_t most_listed_values = 32;

/// Reads it whole; never throws for bad data.
FileFacts measure_file(const std::filesystem::path& path, size_t row = 0);
/// Of the column's files at most `most`, evenly spread over the rows (0 = all), several at a time.
std::vector<FileFacts> measure_column(const FileColumn& column, int64_t most = 0);

/// Intensities of the image where the mask is not 0, evenly spread; none when they lie on different grids, or
/// cannot be read.
std::vector<double> sample_within(const FileFacts& image, const FileFacts& mask);

}  // namespace photo51::data
