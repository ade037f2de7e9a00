#pragma once
/// Files of `torch.save` (`.pth`, `.pt`, `.ckpt`), in the zip format of torch 1.6 and later. They hold a
/// program in Python's pickle format that could run anything; the reader knows the instructions and the names
/// that tensors and plain containers need, and every other one is an error.

#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

/// The state dict in the file: of several, the one at `entry`, its keys from outside in joined by `/`
/// (`teacher`, `model/ema`). Without `entry` it is the file's own values where they are tensors, else the one
/// that is called as trainers call them (`state_dict`, `model`, `network_weights` of nnU-Net, `teacher`, …),
/// else the only one. What else is in the file is passed over. Tensors share the file's memory and may be
/// views of one another. There are no metadata. Errors (data): missing, truncated, damaged or malformed file,
/// one of torch before 1.6 or with code (TorchScript), a program that needs anything but weights (by name), a
/// tensor beyond its storage, a type that is not supported, a value that is NaN or infinite, no state dict or
/// several (by name), none at `entry`.
TensorFile read_torch_file(const std::filesystem::path& path, const std::string& entry = "",
                           Values values = Values::finite);

/// A file of torch.save or of safetensors, by its first bytes. Errors (data) as of these; `entry` of a
/// safetensors file, which has one state dict.
TensorFile read_weights(const std::filesystem::path& path, const std::string& entry = "",
                        Values values = Values::finite);

}  // namespace photo51::nn
