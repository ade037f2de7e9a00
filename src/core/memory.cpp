#include "photo51/core/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include "photo51/core/limits.hpp"

namespace photo51::core {
namespace {

/// A line `Name:   123 kB` of a file under /proc, in bytes; 0 when it is not there.
int64_t proc_value(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    if (word != name) continue;
    int64_t kib = 0;
    file >> kib;
    return kib * 1024;
  }
  return 0;
}

}  // namespace

int64_t available_memory_bytes() {
  int64_t available = proc_value("/proc/meminfo", "MemAvailable:");
  if (const auto group = read_group_limits().available_bytes) available = std::min(available, *group);
  struct rlimit most {};
  for (const auto& [kind, used] : {std::pair{RLIMIT_AS, "VmSize:"}, std::pair{RLIMIT_DATA, "VmData:"}}) {
    if (::getrlimit(kind, &most) != 0 || most.rlim_cur == RLIM_INFINITY) continue;
    const auto limit = static_cast<int64_t>(
        std::min<rlim_t>(most.rlim_cur, static_cast<rlim_t>(std::numeric_limits<int64_t>::max())));
    available = std::min(available, std::max<int64_t>(0, limit - proc_value("/proc/self/status", used)));
  }
  return available;
}

bool is_out_of_memory(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  // LibTorch's allocators throw its general error; a GPU's says that it is out of memory.
  const std::string_view what = error.what();
  for (const std::string_view words :
       {"can't allocate memory", "not enough memory", "out of memory", "Cannot allocate memory"})
    if (what.find(words) != std::string_view::npos) return true;
  return false;
}

int64_t peak_resident_bytes() {
  return proc_value("/proc/self/status", "VmHWM:");
}

bool forget_peak_resident_bytes() {
  std::ofstream file("/proc/self/clear_refs");
  return static_cast<bool>(file << 5 << std::flush);
}

int64_t resident_bytes() {
  return proc_value("/proc/self/status", "VmRSS:");
}

void return_freed_memory() {
  // Named once, the threshold no longer grows with what was freed.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);         // large blocks, too, come from the heap
  mallopt(M_TRIM_THRESHOLD, -1);  // and the heap does not shrink
}

void drop_start_up_code() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    // Code is never written to, so there is nothing to lose; a library's data may be relocated and stays.
    if (line.find(" r-xp ") == std::string::npos || line.find(".so") == std::string::npos) continue;
    uintptr_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2)
      madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

}  // namespace photo51::core
