#pragma once
/// What the targets share: bytes as a file, and the one exception that bad input may end in.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"

namespace photo51::fuzz {

/// Bytes behind a path, in memory.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* bytes, size_t count) : file_(::memfd_create("input", MFD_CLOEXEC)) {
    for (size_t done = 0; done < count;) {
      const ssize_t wrote = ::write(file_, bytes + done, count - done);
      if (wrote <= 0) break;
      done += static_cast<size_t>(wrote);
    }
  }
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

inline std::string_view text_of(const uint8_t* bytes, size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

/// Runs `body`; only the library's own error may leave it.
template <class Body>
int checked(Body&& body) {
  core::set_log_level(core::LogLevel::off);
  try {
    body();
  } catch (const core::Error&) {
    return 0;
  }
  return 0;
}

}  // namespace photo51::fuzz
