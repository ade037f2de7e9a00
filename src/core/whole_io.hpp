#pragma once
/// Reading and writing all that was asked for, through signals and short counts.

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace photo51::core {

inline bool write_all(int file, const char* from, size_t count) {
  while (count > 0) {
    const ssize_t wrote = ::write(file, from, count);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    from += wrote;
    count -= static_cast<size_t>(wrote);
  }
  return true;
}

/// False when the file ends before, or cannot be read.
inline bool read_all(int file, char* to, size_t count, size_t at) {
  while (count > 0) {
    const ssize_t got = ::pread(file, to, count, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    at += static_cast<size_t>(got);
    count -= static_cast<size_t>(got);
  }
  return true;
}

/// Memory for the bytes of a file, aligned for any tensor. A mapping would show what another process writes
/// after it was checked, and end this one when the file is cut off or its disk fails.
inline std::shared_ptr<char> memory_for(size_t bytes) {
  constexpr size_t cache_line = 64;
  void* memory = std::aligned_alloc(cache_line, (bytes + cache_line) / cache_line * cache_line);
  if (memory == nullptr) throw std::bad_alloc();
  return {static_cast<char*>(memory), [](char* at) { std::free(at); }};
}

}  // namespace photo51::core
