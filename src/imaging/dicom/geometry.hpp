#pragma once
/// Planes of a series or of a multi-frame object to one even grid.

#include <string>
#include <vector>

#include "imaging/dicom/functional_groups.hpp"
#include "photo51/imaging/dicom/policy.hpp"

namespace photo51::imaging {

/// Something that tells images at one place apart.
struct Repeat {
  std::string tag, value;
  double order = 0;
  bool is_kind = false;  ///< of what kind the image is, not when it was taken
};

/// One image plane and where it lies.
struct ImagePlane {
  std::string name;   ///< file or frame, for messages
  std::string where;  ///< path, for messages
  size_t index = 0;   ///< among the planes as they were read
  int64_t rows = 0, columns = 0, samples = 1;
  std::optional<std::array<double, 3>> position;
  double rounding = 0;  ///< of the position's written digits, at most; mm
  std::optional<std::array<double, 6>> orientation;
  std::optional<std::array<double, 2>> spacing;
  std::optional<double> thickness, between_slices;
  std::vector<Repeat> repeats;   ///< most telling first, the number in the series last
  bool is_placed = true;         ///< lies in the patient; false: a projection or picture, which lacks nothing
  bool shares_position = false;  ///< the file has one position for all of its frames
};

/// A slice of the grid: planes `first` and `second` (indices), mixed by `weight` of the second.
struct Cell {
  size_t first = 0, second = 0;
  double weight = 0;
};

struct Placement {
  Geometry geometry;
  std::vector<std::vector<Cell>> channels;  ///< [channel][z]; more than one when repeats became channels
  std::vector<size_t> sample;               ///< the first plane of each channel
  std::vector<std::string> names;           ///< of the channels that repeats became
  std::vector<double> b_values, seconds;    ///< of the same, where they are known
};

/// Sorts planes by position along the normal. `source` is the file or folder. Errors (data) naming files:
/// another size, spacing or orientation than the first plane's, no position, and what the policy does not
/// allow. Adds warnings to the volume, and says there when spacing or orientation are not known.
Placement place_planes(std::vector<ImagePlane> planes, const std::string& source, const DicomPolicy& policy,
                       Volume& volume);

}  // namespace photo51::imaging
