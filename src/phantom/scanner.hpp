#pragma once
/// The three hospitals' scanners: grids, axes, gain, noise and bias field differ; the patient does not.

#include "phantom/anatomy.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::phantom {

struct Scanner {
  const char* model;
  std::array<double, 3> spacing;    ///< mm, along the voxel axes
  std::array<double, 9> direction;  ///< row-major, the axes as columns
};
struct Site {
  Scanner mri, ct;
  double gain;      ///< stored number of an MRI signal of 1
  double noise;     ///< standard deviation of each part of the complex MRI signal
  double bias;      ///< standard deviation of the log of the receive field, roughly
  double ct_noise;  ///< HU
};
/// In the order of kSites.
const std::array<Site, 3>& sites();

/// Of the head: mm along the patient's x, y, z.
inline constexpr Point kHeadFieldOfView{168, 204, 156};
/// The grid of a scanner that covers a field of view around the patient's origin.
imaging::Geometry grid_of(const Scanner& scanner, const Point& field_of_view = kHeadFieldOfView);

/// Calls `visit(voxel, point)` for every voxel in stored order.
template <class Visit>
void for_each_voxel(const imaging::Geometry& geometry, Visit visit) {
  int64_t voxel = 0;
  for (int64_t z = 0; z < geometry.size[2]; ++z)
    for (int64_t y = 0; y < geometry.size[1]; ++y)
      for (int64_t x = 0; x < geometry.size[0]; ++x)
        visit(voxel++,
              geometry.to_world({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)}));
}

struct Images {
  imaging::Volume t1c, flair, mask, ct;
};
/// MRI as int16 in the scanner's units, mask as uint8 on the MRI's grid, CT as float32 HU.
Images scan(const Patient& patient, const Anatomy& anatomy, int64_t seed);

}  // namespace photo51::phantom
