#pragma once
/// libphoto51_cuda, loaded at the first use. What a kernel takes is in kernels.hpp.

#include <filesystem>

#include "ops/cuda/kernels.hpp"

namespace photo51::ops::cuda {

struct Library {
  decltype(&photo51_cuda_warp) warp = nullptr;
  decltype(&photo51_cuda_spline) spline = nullptr;
  decltype(&photo51_cuda_texture) texture = nullptr;
  decltype(&photo51_cuda_bags) bags = nullptr;
  decltype(&photo51_cuda_bags_backward) bags_backward = nullptr;
  decltype(&photo51_cuda_gated) gated = nullptr;
  decltype(&photo51_cuda_gated_backward) gated_backward = nullptr;
  decltype(&photo51_cuda_norm) norm = nullptr;
  decltype(&photo51_cuda_norm_backward) norm_backward = nullptr;
  decltype(&photo51_cuda_windows) windows = nullptr;
  decltype(&photo51_cuda_windows_backward) windows_backward = nullptr;
  decltype(&photo51_cuda_message) message = nullptr;
};

/// Error (run): it is not there, cannot be loaded, or is of another version.
Library load(const std::filesystem::path& path);
/// Whether there is one beside libphoto51, of whatever version.
bool is_built();
/// The one beside libphoto51, loaded once.
const Library& library();

/// Error (run) that begins with `what`, where a kernel's `error` is not 0.
void check(int error, const char* what);

}  // namespace photo51::ops::cuda
