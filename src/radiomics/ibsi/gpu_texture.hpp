#pragma once
/// Co-occurrence and run matrices of a texture that lies on a GPU too. Its counts are the CPU's.

#include <span>
#include <string>
#include <vector>

#include "radiomics/ibsi/counts.hpp"
#include "radiomics/ibsi/texture.hpp"

namespace photo51::radiomics {

/// Of fewer voxels the CPU has counted the matrix in the time that a launch and the copies take.
constexpr int64_t kWorthAGpu = 1 << 14;

/// What `core::resolve_device` makes of `wanted`, for textures: `auto` is the CPU, with a warning, where a
/// GPU answers but libphoto51_cuda is not there. Errors: its own, and run: no libphoto51_cuda.
std::string texture_device(const std::string& wanted);

/// Puts the texture on `device` as well, unless it has fewer than `fewest` voxels; ranges with fewer are
/// counted on the CPU. The device may be the CPU, in tests. Error (run): there is no such device, or too
/// little memory on it.
void put_on(Texture& texture, const std::string& device, int64_t fewest = kWorthAGpu);

/// Adds the pairs, or the runs of up to `longest` voxels, in each direction to the `counts` of it. False
/// where nothing was added: the texture is on the CPU alone, the range small, or the matrix so large that
/// most cells would be empty, which the CPU lists. Errors (run): of `ops::cuda::count_texture`, too little
/// memory.
bool add_pairs_on_gpu(std::span<Counts> counts, const Texture& texture, Range range,
                      const std::vector<int64_t>& offsets);
bool add_runs_on_gpu(std::span<Counts> counts, const Texture& texture, Range range,
                     const std::vector<int64_t>& offsets, int64_t longest);

}  // namespace photo51::radiomics
