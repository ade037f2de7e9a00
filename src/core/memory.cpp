#include "photo51/core/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdio>
#include <fstream>
#include <string>

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
  return proc_value("/proc/meminfo", "MemAvailable:");
}
int64_t peak_resident_bytes() {
  return proc_value("/proc/self/status", "VmHWM:");
}

int64_t resident_bytes() {
  return proc_value("/proc/self/status", "VmRSS:");
}

void return_freed_memory() {
  // Named once, the threshold no longer grows with what was freed.
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
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
