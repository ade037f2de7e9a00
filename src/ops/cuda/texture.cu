#include "ops/cuda/kernels.hpp"

namespace photo51::ops::cuda {
namespace {

/// Blocks along y are directions; those along x share its voxels.
__global__ void texture_kernel(TextureTask task, bool own, uint32_t* counts) {
  extern __shared__ uint32_t block[];
  const Share voxels{static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x,
                     static_cast<int64_t>(gridDim.x) * blockDim.x};
  uint32_t* const cells = counts + blockIdx.y * task.cells();
  if (!own) {
    count_share(task, blockIdx.y, voxels, cells);
    return;
  }
  const Share of_block{threadIdx.x, blockDim.x};
  clear_cells(block, task.cells(), of_block);
  __syncthreads();
  count_share(task, blockIdx.y, voxels, block);
  __syncthreads();
  merge_cells(cells, block, task.cells(), of_block);
}

}  // namespace

extern "C" int photo51_cuda_texture(const TextureTask* task, uint32_t* counts, void* stream) {
  const TextureGrid grid = texture_grid(*task);
  const dim3 blocks(static_cast<unsigned>(grid.blocks), static_cast<unsigned>(task->directions));
  const size_t shared = grid.own ? task->cells() * sizeof(uint32_t) : 0;
  texture_kernel<<<blocks, kTextureThreads, shared, static_cast<cudaStream_t>(stream)>>>(*task, grid.own,
                                                                                         counts);
  return cudaGetLastError();
}

}  // namespace photo51::ops::cuda
