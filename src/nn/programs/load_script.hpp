#pragma once
/// LibTorch's reader of TorchScript, with errors in our words.

#include <torch/csrc/jit/api/module.h>

#include <string>

namespace photo51::nn {

/// `bytes` are of an archive that `require_confined` has seen. Error (data): LibTorch cannot load it.
torch::jit::Module load_script(const std::string& bytes, const at::Device& device);

}  // namespace photo51::nn
