#pragma once
/// The surface of a mask as triangles.

#include "radiomics/region/voxels.hpp"

namespace photo51::radiomics {

struct Mesh {
  double volume = 0;  ///< mm³
  double area = 0;    ///< mm²
};

/// How marching cubes treats a cube whose faces leave it open which corners are connected.
enum class Cubes {
  closed,    ///< so that the mesh has no holes
  mirrored,  ///< as the cube with inside and outside exchanged, as PyRadiomics does: small holes may remain
  fewer  ///< as that of the two with fewer corners inside, so that a mask has the surface of its complement
};

/// mm² of the surface within each of the 256 cubes of eight voxels, bit c of whose number says whether corner
/// c is inside. `spacing` z, y, x; corners at z, y, x: 000, 001, 011, 010, 100, 101, 111, 110.
std::array<double, 256> cube_areas(const std::array<double, 3>& spacing, Cubes cubes);

/// Marching cubes half way between voxels inside and outside (Lorensen & Cline 1987,
/// doi:10.1145/37402.37422); all is outside beyond the grid. Volume by the divergence theorem, about a point
/// one voxel before the box around the mask, which matters where the mesh has holes.
Mesh mesh_of(const Mask& mask, const Grid& grid, Cubes cubes = Cubes::closed);

}  // namespace photo51::radiomics
