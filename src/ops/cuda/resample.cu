#include "ops/cuda/kernels.hpp"

namespace photo51::ops::cuda {
namespace {

template <class T>
__global__ void warp_kernel(Warp warp, const T* input, float* output) {
  const int64_t voxels = warp.out[0] * warp.out[1] * warp.out[2];
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < voxels; i += stride)
    warp_voxel(warp, input, output, i % warp.out[0], i / warp.out[0] % warp.out[1],
               i / (warp.out[0] * warp.out[1]));
}

__global__ void spline_kernel(float* values, int64_t lines, int64_t count, int64_t step) {
  const int64_t line = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (line >= lines) return;
  // Lines that lie side by side in memory go to neighbouring threads.
  filter_line(values + line / step * step * count + line % step, count, step);
}

unsigned blocks_for(int64_t count, int64_t threads) {
  const int64_t wanted = (count + threads - 1) / threads;
  return static_cast<unsigned>(wanted < (1LL << 30) ? wanted : (1LL << 30));
}

template <class T>
cudaError_t launch(const Warp& warp, const void* input, float* output, cudaStream_t stream) {
  constexpr int threads = 128;
  const int64_t voxels = warp.out[0] * warp.out[1] * warp.out[2];
  warp_kernel<<<blocks_for(voxels, threads), threads, 0, stream>>>(warp, static_cast<const T*>(input),
                                                                   output);
  return cudaGetLastError();
}

}  // namespace

extern "C" {

int photo51_cuda_warp(const Warp* warp, Voxel type, const void* input, float* output, void* stream) {
  const auto on = static_cast<cudaStream_t>(stream);
  switch (type) {
    case Voxel::u8:
      return launch<uint8_t>(*warp, input, output, on);
    case Voxel::i8:
      return launch<int8_t>(*warp, input, output, on);
    case Voxel::i16:
      return launch<int16_t>(*warp, input, output, on);
    case Voxel::u16:
      return launch<uint16_t>(*warp, input, output, on);
    case Voxel::i32:
      return launch<int32_t>(*warp, input, output, on);
    case Voxel::i64:
      return launch<int64_t>(*warp, input, output, on);
    case Voxel::f32:
      return launch<float>(*warp, input, output, on);
    case Voxel::f64:
      return launch<double>(*warp, input, output, on);
  }
  return cudaErrorInvalidValue;
}

int photo51_cuda_spline(float* values, const int64_t* size, int axis, void* stream) {
  constexpr int threads = 128;
  const int64_t step = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
  const int64_t lines = size[0] * size[1] * size[2] / size[axis];
  spline_kernel<<<blocks_for(lines, threads), threads, 0, static_cast<cudaStream_t>(stream)>>>(
      values, lines, size[axis], step);
  return cudaGetLastError();
}

const char* photo51_cuda_message(int error) {
  return cudaGetErrorString(static_cast<cudaError_t>(error));
}
}

}  // namespace photo51::ops::cuda
