#pragma once
/// The entries of libphoto51_cuda, which is loaded only where a GPU answers. Pointers are of the current
/// device, `stream` is a cudaStream_t; they return a cudaError_t.

#include "ops/cuda/texture.hpp"
#include "ops/cuda/warp.hpp"

namespace photo51::ops::cuda {

enum class Voxel : int { u8, i8, i16, u16, i32, i64, f32, f64 };

extern "C" {
int photo51_cuda_warp(const Warp* warp, Voxel type, const void* input, float* output, void* stream);
/// Filters all lines along `axis` (x, y, z = 0, 1, 2) of float32 coefficients of `size`, in place.
int photo51_cuda_spline(float* values, const int64_t* size, int axis, void* stream);
/// Adds to `counts` [directions, rows, columns].
int photo51_cuda_texture(const TextureTask* task, uint32_t* counts, void* stream);
const char* photo51_cuda_message(int error);
}

}  // namespace photo51::ops::cuda
