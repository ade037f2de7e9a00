#include "nn/programs/load_script.hpp"

#include <torch/csrc/jit/serialization/import.h>

#include "nn/programs/archive.hpp"
#include "photo51/core/error.hpp"

namespace photo51::nn {

torch::jit::Module load_script(const std::string& bytes, const at::Device& device) {
  try {
    return torch::jit::load(reader_of(bytes), device, /*load_debug_files=*/false);
  } catch (const core::Error&) {
    throw;
  } catch (const std::exception& error) {
    core::fail_data("cannot be loaded: " + reason_of(error) + "; save it again with this version of torch");
  }
}

}  // namespace photo51::nn
