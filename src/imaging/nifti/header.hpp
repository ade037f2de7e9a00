#pragma once
/// What a NIfTI-1 or NIfTI-2 header says, in native byte order.

#include <array>
#include <cstdint>
#include <string_view>

#include "imaging/nifti/format.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging::nifti {

constexpr size_t kShortHeader = 348, kLongestHeader = 540;

struct Layout {
  bool swapped = false;            ///< voxels are in the other byte order
  int16_t datatype = 0;            ///< a Type
  std::array<int64_t, 4> size{};   ///< x, y, z and everything beyond as one
  std::array<double, 4> pixdim{};  ///< qfac, x, y, z in mm
  uint64_t data_offset = 0;
  double slope = 1, intercept = 0;
  int qform = 0, sform = 0;                       ///< codes; 0 = absent
  std::array<double, 3> quaternion{}, qoffset{};  ///< b, c, d; mm
  std::array<double, 12> affine{};                ///< rows of the sform, mm
  bool is_label = false;
  double time_step = 0;  ///< s, between volumes along the fourth axis; 0 = not said
  int time_unit = 0;     ///< as in xyzt_units; 0 = none
  bool is_time = false;  ///< the fourth axis is the only one beyond space
};

/// Whether a header of kShortHeader bytes goes on to kLongestHeader.
bool is_second_version(std::string_view bytes);

/// `bytes`: the first kLongestHeader bytes, or all of a shorter file. Error (data): not NIfTI, damaged.
Layout parse_header(std::string_view bytes);

/// Place of the voxels in LPS: the sform, else the qform, else the voxel size alone (which says nothing about
/// orientation). Sets `spacing_known` and `orientation_known` and adds warnings. Errors (data): axes that are
/// not invertible or not finite; sform and qform of which one is a mirror image of the other.
Geometry place(Layout& layout, Volume& volume);

/// When each channel of a 4D volume was taken; warns of a time step without a unit.
void place_in_time(const Layout& layout, Volume& volume);

}  // namespace photo51::imaging::nifti
