#pragma once
/// What the file system says of a file, by which its content is known again.

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>

namespace photo51::core {

struct FileStamp {
  int64_t size = 0;
  std::array<int64_t, 2> written{}, changed{};  ///< seconds and nanoseconds: of its content, of anything
  int64_t inode = 0, device = 0;

  bool operator==(const FileStamp&) const = default;

  /// Whether it was left alone for longer than the coarsest clock of a file system in use (FAT) takes to go
  /// on: another content would have another stamp.
  bool is_settled() const {
    constexpr int64_t granularity = 2;  // seconds
    return std::max(written[0], changed[0]) + granularity < std::time(nullptr);
  }
};

inline FileStamp stamp_of(const struct stat& is) {
  return {static_cast<int64_t>(is.st_size),
          {static_cast<int64_t>(is.st_mtim.tv_sec), static_cast<int64_t>(is.st_mtim.tv_nsec)},
          {static_cast<int64_t>(is.st_ctim.tv_sec), static_cast<int64_t>(is.st_ctim.tv_nsec)},
          static_cast<int64_t>(is.st_ino),
          static_cast<int64_t>(is.st_dev)};
}

/// Links are followed; nothing when it cannot be looked at.
inline std::optional<FileStamp> stamp_of(const std::filesystem::path& path) {
  struct stat is {};
  if (::stat(path.c_str(), &is) != 0) return std::nullopt;
  return stamp_of(is);
}

/// Of a file that is open.
inline std::optional<FileStamp> stamp_of(int file) {
  struct stat is {};
  if (::fstat(file, &is) != 0) return std::nullopt;
  return stamp_of(is);
}

}  // namespace photo51::core
