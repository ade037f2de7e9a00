#pragma once
/// Named tensors on disk in the safetensors format (a JSON header, then the bytes): what PyTorch, timm and
/// MONAI exchange, and never a pickle.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace torch::nn {
class Module;
}

namespace photo51::nn {

using Tensors = std::map<std::string, at::Tensor>;
using Metadata = std::map<std::string, std::string>;

struct TensorFile {
  Tensors tensors;
  Metadata metadata;
};

/// Which values a file of floating tensors may hold.
enum class Values { finite, any };
/// The whole file is read into memory, which the tensors share and keep. What `write_safetensors` wrote has a
/// checksum over all its bytes, the metadata included (XXH3, 128 bits), which is verified; the files of other
/// programs, and those of versions before it, have none. Errors (data): missing, truncated, damaged or
/// malformed file, a type that torch lacks, a value that is NaN or infinite (with file and tensor).
TensorFile read_safetensors(const std::filesystem::path& path, Values values = Values::finite);
/// Atomic (write, sync, rename). The metadata gain the entries `photo51` and `photo51_xxh128`, which reading
/// takes out again. Error (run) when the disk is full.
void write_safetensors(const std::filesystem::path& path, const Tensors& tensors,
                       const Metadata& metadata = {});

/// Parameters and buffers by their dotted names; they share the module's memory.
Tensors state_of(const torch::nn::Module& module);

struct LoadOptions {
  bool strict = true;    ///< every name of the module and of the file has its counterpart
  bool share = false;    ///< the module takes the file's memory, where type and device allow
  std::string remedy{};  ///< ends the message of what does not fit
};
/// Copies values by name, converting floating types. Error (data) that lists missing and unexpected names
/// (each with the nearest of the others) and mis-shaped tensors (with the nearest name of that shape), or a
/// value that the module's narrower type makes infinite; then nothing was changed.
void load_state(torch::nn::Module& module, const Tensors& tensors, const std::string& source,
                const LoadOptions& options = {});

void save_weights(const torch::nn::Module& module, const std::filesystem::path& path,
                  const Metadata& metadata = {});
Metadata load_weights(torch::nn::Module& module, const std::filesystem::path& path,
                      const LoadOptions& options = {});

}  // namespace photo51::nn
