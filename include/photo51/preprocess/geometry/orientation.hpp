#pragma once
/// Voxel axes in a canonical order. A name such as "LPS" tells where the x, y and z voxel axes point *to*:
/// (L)eft/(R)ight, (P)osterior/(A)nterior, (S)uperior/(I)nferior of the patient. (DICOM and ITK write their
/// world in LPS; nibabel's "RAS" is our "RAS".)

#include <array>
#include <string>

#include "photo51/imaging/volume.hpp"

namespace photo51::preprocess {

/// One letter of each pair L/R, P/A, S/I in any order.
bool is_orientation(const std::string& name);

/// The direction of a geometry whose voxel axes point so. Error (usage) for a name that is no orientation.
std::array<double, 9> direction_of(const std::string& orientation);

/// The orientation nearest to the geometry's axes: what `reorient` leaves as it is.
std::string orientation_of(const imaging::Geometry& geometry);

/// Permutes and mirrors the voxel axes so that they come as near to `orientation` as whole axes can; no voxel
/// is interpolated and every voxel keeps its place in the patient. An oblique scan stays oblique: its axes
/// are ordered, not straightened. Error (usage) for a name that is no orientation.
imaging::Geometry reorient(const imaging::Geometry& geometry, const std::string& orientation);
imaging::Volume reorient(const imaging::Volume& volume, const std::string& orientation);

}  // namespace photo51::preprocess
