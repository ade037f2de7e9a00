#pragma once
/// Runs kernels of ops/cuda/block.hpp on a GPU.

#include "ops/cuda/block.hpp"

namespace photo51::ops::cuda {

template <class Kernel>
__global__ void __launch_bounds__(kBlockThreads) block_kernel(const __grid_constant__ Kernel kernel) {
  extern __shared__ double block_room[];
  kernel(blockIdx.x, Threads{}, block_room);
}

/// Kernels one after the other on a stream; what is behind one that failed does not run.
class Launch {
 public:
  explicit Launch(void* stream) : stream_(static_cast<cudaStream_t>(stream)) {}

  template <class Kernel>
  void operator()(int64_t blocks, const Kernel& kernel) {
    constexpr size_t room_without_asking = 48 * 1024;
    constexpr int64_t most_blocks = 2147483647;
    if (error_ != cudaSuccess || blocks == 0) return;
    if (blocks > most_blocks) {
      error_ = cudaErrorInvalidConfiguration;
      return;
    }
    const size_t room = kernel.room();
    if (room > room_without_asking)
      error_ = cudaFuncSetAttribute(block_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(room));
    if (error_ != cudaSuccess) return;
    block_kernel<<<static_cast<unsigned>(blocks), kBlockThreads, room, stream_>>>(kernel);
    error_ = cudaGetLastError();
  }
  int error() const { return error_; }

 private:
  cudaStream_t stream_;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace photo51::ops::cuda
