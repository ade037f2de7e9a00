#pragma once
/// Slices of a series that were read lately, whole: what checks them, hashes them and reads them one after
/// the other opens each file once.

#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/file_stamp.hpp"

namespace photo51::imaging {

using FileBytes = std::shared_ptr<const std::string>;

/// Used by many threads at once. A file is known by its path and what the file system says of it (size,
/// times, inode): one that changed is read again, and one that was written within the last seconds, when
/// another content could look the same, is not held.
class RecentFiles {
 public:
  struct Limits {
    uint64_t file = uint64_t{1} << 20;   ///< bytes of a file: a slice of 512 x 512 has half of that
    uint64_t all = uint64_t{256} << 20;  ///< bytes of all files; those asked for longest ago are let go
  };
  RecentFiles() = default;
  explicit RecentFiles(const Limits& limits) : limits_(limits) {}

  /// The file as it is held; null when it is not. Opens nothing.
  FileBytes held(const std::filesystem::path& path);
  /// The file as it is held, or else read now. Null when it is larger than the limit, empty, no file, being
  /// written or cannot be read: whoever opens it then says why.
  FileBytes read(const std::filesystem::path& path);
  /// `read` of the file at `path` that is open as `descriptor`; its position stays.
  FileBytes read(const std::filesystem::path& path, int descriptor);

 private:
  struct File {
    std::string path;
    core::FileStamp stamp;
    FileBytes bytes;
  };
  using Place = std::list<File>::iterator;

  bool fits(const core::FileStamp& stamp) const;
  FileBytes find(const std::filesystem::path& path, const core::FileStamp& stamp);
  void hold(File file);
  void let_go(Place place);  ///< with the lock

  Limits limits_{};
  std::mutex mutex_;
  std::list<File> files_;  ///< the one asked for longest ago first
  std::unordered_map<std::string, Place> places_;
  uint64_t bytes_ = 0;  ///< of all files
};

/// Those of this process.
RecentFiles& recent_files();

}  // namespace photo51::imaging
