#pragma once
/// The entries of libphoto51_cuda, which is loaded only where a GPU answers. Pointers are of the current
/// device, `stream` is a cudaStream_t; they return a cudaError_t.

#include "ops/cuda/bags.hpp"
#include "ops/cuda/norm.hpp"
#include "ops/cuda/texture.hpp"
#include "ops/cuda/warp.hpp"
#include "ops/cuda/window_gradient.hpp"
#include "ops/cuda/windows.hpp"

namespace photo51::ops::cuda {

enum class Voxel : int { u8, i8, i16, u16, i32, i64, f32, f64 };

// The only symbols that the library exports: all else in it is hidden.
#pragma GCC visibility push(default)
extern "C" {
int photo51_cuda_warp(const Warp* warp, Voxel type, const void* input, float* output, void* stream);
/// Filters all lines along `axis` (x, y, z = 0, 1, 2) of float32 coefficients of `size`, in place.
int photo51_cuda_spline(float* values, const int64_t* size, int axis, void* stream);
/// Adds to `counts` [directions, rows, columns].
int photo51_cuda_texture(const TextureTask* task, uint32_t* counts, void* stream);
/// Of scores [N, heads]: attention [N, heads], pooled [bags, heads, width]; `partial` [blocks, heads, width]
/// is room to compute in. There is a bag and a feature.
int photo51_cuda_bags(const BagTask* task, DeviceValues type, const void* scores, void* attention,
                      void* partial, void* pooled, void* stream);
/// `grad_scores` begins as the gradient by attention; `grad_values` may be null.
int photo51_cuda_bags_backward(const BagTask* task, DeviceValues type, const void* attention,
                               const void* grad_pooled, void* grad_scores, void* grad_values, void* stream);
/// Scores [rows, heads]. There is a row.
int photo51_cuda_gated(const GatedTask* task, DeviceValues type, void* scores, void* stream);
/// Of grad_scores: grad_gates [rows, 2 width], and of each part of the rows grad_bias [parts, 2 width] and
/// grad_weight [parts, heads, width], which begins as zeros.
int photo51_cuda_gated_backward(const GatedTask* task, DeviceValues type, const void* grad_scores,
                                void* grad_gates, void* grad_bias, void* grad_weight, void* stream);
int photo51_cuda_norm(const NormTask* task, DeviceValues type, void* stream);
int photo51_cuda_norm_backward(const NormGradientTask* task, DeviceValues type, void* stream);
int photo51_cuda_windows(const WindowTask* task, DeviceValues type, void* stream);
int photo51_cuda_windows_backward(const WindowGradientTask* task, DeviceValues type, void* stream);
const char* photo51_cuda_message(int error);
}
#pragma GCC visibility pop

}  // namespace photo51::ops::cuda
