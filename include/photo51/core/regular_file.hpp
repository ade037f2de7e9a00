#pragma once
/// What may be opened as a file.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace photo51::core {

/// Error (data) when there is no file, or something that is not one: a folder, and what would never end or
/// never answer (a pipe, a device, a socket). Links are followed.
void require_regular_file(const std::filesystem::path& path);
/// Error (data) when it cannot be opened for reading.
void require_readable(const std::filesystem::path& path);

/// A regular file that is open for reading. What was opened is what was looked at: a pipe that takes the
/// file's name in the meantime is refused, too, and never waited for.
class RegularFile {
 public:
  /// Errors (data) as of `require_regular_file` and `require_readable`.
  explicit RegularFile(const std::filesystem::path& path);
  ~RegularFile();
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  /// Up to `bytes` bytes into `to`; fewer at the end of the file only. Error (data) when the disk fails.
  size_t read(void* to, size_t bytes) const;
  /// Bytes when it was opened.
  uint64_t size() const { return size_; }
  int descriptor() const { return file_; }

 private:
  std::filesystem::path path_;
  int file_ = -1;
  uint64_t size_ = 0;
};

/// The regular files of a folder, links followed, in order of name. Links that lead nowhere or in a circle
/// and all else that is no file are passed over. Error (data) when the folder cannot be read.
std::vector<std::filesystem::path> regular_files_in(const std::filesystem::path& folder);

}  // namespace photo51::core
