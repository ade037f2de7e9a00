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

}  // namespace

Library load(const std::filesystem::path& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    core::fail_run("the kernels for GPUs cannot be loaded (" + std::string(::dlerror()) +
                   "); build the cuda preset, or stay on the CPU");
  Library found;
  find(handle, "photo51_cuda_warp", found.warp, path);
  find(handle, "photo51_cuda_spline", found.spline, path);
  find(handle, "photo51_cuda_texture", found.texture, path);
  find(handle, "photo51_cuda_message", found.message, path);
  return found;
}

const Library& library() {
  static const Library loaded = [] {
    Dl_info own{};
    ::dladdr(reinterpret_cast<const void*>(&library), &own);
    return load(std::filesystem::path(own.dli_fname).parent_path() / "libphoto51_cuda.so");
  }();
  return loaded;
}

void check(int error, const char* what) {
  if (error != 0) core::fail_run(std::string(what) + " on the GPU: " + library().message(error));
}

}  // namespace photo51::ops::cuda
