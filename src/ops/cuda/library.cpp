#include "ops/cuda/library.hpp"

#include <dlfcn.h>

#include <string>

#include "photo51/core/error.hpp"

namespace photo51::ops::cuda {
namespace {

template <class Entry>
void find(void* handle, const char* name, Entry& entry, const std::filesystem::path& path) {
  entry = reinterpret_cast<Entry>(::dlsym(handle, name));
  if (entry == nullptr)
    core::fail_run(path.string() + " is of another version; build it together with libphoto51");
}

std::filesystem::path beside_us() {
  Dl_info own{};
  ::dladdr(reinterpret_cast<const void*>(&library), &own);
  return std::filesystem::path(own.dli_fname).parent_path() / "libphoto51_cuda.so";
}

}  // namespace

bool is_built() {
  static const bool built = std::filesystem::exists(beside_us());
  return built;
}

Library load(const std::filesystem::path& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    core::fail_run("the kernels for GPUs cannot be loaded (" + std::string(::dlerror()) +
                   "); run tools/setup --cuda, which builds them, or stay on the CPU");
  Library found;
  find(handle, "photo51_cuda_warp", found.warp, path);
  find(handle, "photo51_cuda_spline", found.spline, path);
  find(handle, "photo51_cuda_texture", found.texture, path);
  find(handle, "photo51_cuda_bags", found.bags, path);
  find(handle, "photo51_cuda_bags_backward", found.bags_backward, path);
  find(handle, "photo51_cuda_gated", found.gated, path);
  find(handle, "photo51_cuda_gated_backward", found.gated_backward, path);
  find(handle, "photo51_cuda_norm", found.norm, path);
  find(handle, "photo51_cuda_norm_backward", found.norm_backward, path);
  find(handle, "photo51_cuda_windows", found.windows, path);
  find(handle, "photo51_cuda_windows_backward", found.windows_backward, path);
  find(handle, "photo51_cuda_message", found.message, path);
  return found;
}

const Library& library() {
  static const Library loaded = load(beside_us());
  return loaded;
}

void check(int error, const char* what) {
  if (error != 0) core::fail_run(std::string(what) + " on the GPU: " + library().message(error));
}

}  // namespace photo51::ops::cuda
