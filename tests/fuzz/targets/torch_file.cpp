#include <ATen/ATen.h>

#include "fuzz/targets/target.hpp"
#include "photo51/nn/weights/torch_file.hpp"
#include "support/torch_archive.hpp"

namespace {

/// Every byte of every tensor can be touched.
void touch(const std::string& path) {
  using namespace photo51;
  const nn::TensorFile read = nn::read_torch_file(path);
  for (const auto& [name, tensor] : read.tensors) static_cast<void>(tensor.clone());
}

}  // namespace

/// The bytes are a whole file if it begins as one, else a program in an archive with a storage of 64 bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  return fuzz::checked([&] {
    const std::string given(fuzz::text_of(bytes, count));
    const std::string archive =
        given.starts_with("PK") ? given : test::torch_archive(given, {{"0", std::string(64, '\1')}});
    const fuzz::MemoryFile file(reinterpret_cast<const uint8_t*>(archive.data()), archive.size());
    touch(file.path());
  });
}
