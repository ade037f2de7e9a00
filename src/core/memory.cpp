#include "photo51/core/memory.hpp"

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

}  // namespace photo51::core
