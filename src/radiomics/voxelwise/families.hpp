#pragma once
/// The families that voxel-wise maps know.

#include <memory>
#include <span>

#include "radiomics/voxelwise/cube.hpp"

namespace photo51::radiomics {

struct MapFamily {
  const char* name;
  std::span<const char* const> features;
  std::unique_ptr<CubeFamily> (*make)(const Levelled& image, const Cube& cube);
};
std::span<const MapFamily> map_families();

std::span<const char* const> first_order_map_names();
std::unique_ptr<CubeFamily> make_cube_first_order(const Levelled& image, const Cube& cube);
std::span<const char* const> glcm_map_names();
std::unique_ptr<CubeFamily> make_cube_glcm(const Levelled& image, const Cube& cube);
std::span<const char* const> gldm_map_names();
std::unique_ptr<CubeFamily> make_cube_gldm(const Levelled& image, const Cube& cube);
std::span<const char* const> glrlm_map_names();
std::unique_ptr<CubeFamily> make_cube_glrlm(const Levelled& image, const Cube& cube);
std::span<const char* const> glszm_map_names();
std::unique_ptr<CubeFamily> make_cube_glszm(const Levelled& image, const Cube& cube);
std::span<const char* const> ngtdm_map_names();
std::unique_ptr<CubeFamily> make_cube_ngtdm(const Levelled& image, const Cube& cube);

}  // namespace photo51::radiomics
