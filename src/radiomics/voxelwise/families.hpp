#pragma once
/// The families that voxel-wise maps know.

#include <memory>
#include <span>

#include "photo51/radiomics/pyradiomics/pyradiomics.hpp"
#include "photo51/radiomics/voxelwise/voxelwise.hpp"
#include "radiomics/voxelwise/cube.hpp"

namespace photo51::radiomics {

struct MapFamily {
  MappedFamily family;
  std::span<const char* const> features;
  std::unique_ptr<CubeFamily> (*make)(const Levelled& image, const Cube& cube);
};
/// A row a `MappedFamily`, in their order.
std::span<const MapFamily> map_families();

/// Whether `make` computes what the settings ask of the family; else `make_cube_general` does.
bool slides(const MapFamily& family, const Pyradiomics& settings);
/// `family`, `image` and `settings` must outlive it.
std::unique_ptr<CubeFamily> make_cube_general(const MapFamily& family, const Levelled& image, int64_t radius,
                                              const Pyradiomics& settings);

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
