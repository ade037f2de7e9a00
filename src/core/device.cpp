#include "photo51/core/device.hpp"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

/// The folder that libtorch_cpu was loaded from; empty when it is not loaded.
std::filesystem::path torch_folder() {
  std::filesystem::path folder;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* out) {
        const std::filesystem::path path = info->dlpi_name;
        if (!path.filename().string().starts_with("libtorch_cpu.so")) return 0;
        *static_cast<std::filesystem::path*>(out) = path.parent_path();
        return 1;
      },
      &folder);
  return folder;
}

}  // namespace

bool gpu_present() {
  static const bool present = [] {
    void* driver = ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (driver == nullptr) return false;
    using Init = int (*)(unsigned);
    using Count = int (*)(int*);
    const auto init = reinterpret_cast<Init>(::dlsym(driver, "cuInit"));
    const auto count = reinterpret_cast<Count>(::dlsym(driver, "cuDeviceGetCount"));
    int gpus = 0;
    return init != nullptr && count != nullptr && init(0) == 0 && count(&gpus) == 0 && gpus > 0;
  }();
  return present;
}

void load_cuda() {
  static const std::string problem = []() -> std::string {
    const auto library = torch_folder() / "libtorch_cuda.so";
    if (!std::filesystem::exists(library))
      return "this LibTorch has no CUDA (" + library.string() + " is missing); run tools/setup --cuda";
    if (::dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr)
      return std::string("LibTorch's CUDA library cannot be loaded: ") + ::dlerror();
    return "";
  }();
  if (!problem.empty()) fail_run(problem);
}

std::string resolve_device(const std::string& wanted) {
  if (wanted == "cpu") return "cpu";
  if (wanted == "auto") {
    if (!gpu_present()) return "cpu";
    try {
      load_cuda();
      return "cuda";
    } catch (const Error& error) {
      log_warning(std::string("a GPU is present but the CPU is used: ") + error.what());
      return "cpu";
    }
  }
  const bool numbered = wanted.starts_with("cuda:") && parse_int(wanted.substr(5)).value_or(-1) >= 0;
  if (wanted != "cuda" && !numbered)
    fail_usage("device `" + wanted + "` is not valid; it takes auto, cpu, cuda or cuda:N");
  if (!gpu_present())
    fail_run("device `" + wanted + "` was asked for, but no NVIDIA driver with a GPU answers");
  load_cuda();
  return wanted;
}

std::string bf16_instructions() {
  if (std::getenv("PHOTO51_NO_BF16") != nullptr) return "";
  static const std::string has = [] {
    std::vector<std::string> found;
    std::ifstream processors("/proc/cpuinfo");
    for (std::string line; found.empty() && std::getline(processors, line);) {
      if (!line.starts_with("flags")) continue;
      const std::string flags = line + " ";
      for (const char* name : {"amx_bf16", "avx512_bf16"})
        if (flags.find(" " + std::string(name) + " ") != std::string::npos) found.emplace_back(name);
    }
    return join(found, ", ");
  }();
  return has;
}

}  // namespace photo51::core
