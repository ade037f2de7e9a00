#include <ATen/ATen.h>

#include "fuzz/targets/target.hpp"
#include "photo51/nn/weights/weights.hpp"

/// Every byte of every tensor can be touched.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  return fuzz::checked([&] {
    const fuzz::MemoryFile file(bytes, count);
    const nn::TensorFile read = nn::read_safetensors(file.path());
    for (const auto& [name, tensor] : read.tensors) {
      const auto* data = static_cast<const volatile uint8_t*>(tensor.const_data_ptr());
      for (size_t i = 0; i < tensor.nbytes(); ++i) static_cast<void>(data[i]);
    }
  });
}
