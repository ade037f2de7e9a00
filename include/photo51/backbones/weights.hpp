#pragma once
/// Named tensors on disk in the safetensors format (a JSON header, then the bytes): what PyTorch, timm and
/// MONAI exchange, and never a pickle.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace torch::nn {
class Module;
}

namespace photo51::backbones {

using Tensors = std::map<std::string, at::Tensor>;
using Metadata = std::map<std::string, std::string>;

struct TensorFile {
  Tensors tensors;
  Metadata metadata;
};

/// The tensors read the file's bytes in place, through a private mapping that lives as long as they do: pages
/// come in when touched, writing to a tensor does not reach the file. Errors (data): missing, truncated or
/// malformed file, a type that torch lacks.
TensorFile read_safetensors(const std::filesystem::path& path);
/// Atomic (write, sync, rename). Error (run) when the disk is full.
void write_safetensors(const std::filesystem::path& path, const Tensors& tensors,
                       const Metadata& metadata = {});

/// Parameters and buffers by their dotted names; they share the module's memory.
Tensors state_of(const torch::nn::Module& module);

struct LoadOptions {
  bool strict = true;  ///< every name of the module and of the file has its counterpart
  bool share = false;  ///< the module reads the file's bytes in place, where type and device allow
  std::vector<std::string> ignore{};  ///< names in the file that begin so are left out
};
/// Copies values by name, converting floating types. Error (data) that lists missing, unexpected (each with
/// the nearest name) and mis-shaped tensors; then nothing was changed.
void load_state(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                const LoadOptions& options = {});

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const Metadata& metadata = {});
Metadata load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                      const LoadOptions& options = {});

}  // namespace photo51::backbones
