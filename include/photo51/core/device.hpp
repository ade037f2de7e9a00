#pragma once
/// Where tensors are computed. CUDA libraries are loaded only when a GPU is asked for and one answers.

#include <string>

namespace photo51::core {

/// Whether the NVIDIA driver is there and reports at least one GPU (asked through libcuda, opened on demand).
bool gpu_present();
/// Loads LibTorch's CUDA library beside libtorch_cpu. Error (run) that says what is missing.
void load_cuda();
/// Turns `auto`, `cpu`, `cuda`, `cuda:N` into a device name, loading CUDA when needed. `auto` takes a GPU
/// when one is present and LibTorch has CUDA, else the CPU. Error (usage) on another name, Error (run) when a
/// GPU was asked for and none answers.
std::string resolve_device(const std::string& wanted);

/// What of this processor's instructions multiplies bfloat16: `amx_bf16`, `avx512_bf16` (or both, with a
/// comma); empty where there is none. The environment variable PHOTO51_NO_BF16 hides them.
std::string bf16_instructions();

}  // namespace photo51::core
