#pragma once
/// An open file and flock(2) on it: excludes other threads and processes, and ends with the process however
/// that ends.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

namespace photo51::data {

class OpenFile {
 public:
  OpenFile() = default;
  /// Never through a link, and not waiting for a pipe: others may plant both in a shared folder.
  OpenFile(const std::filesystem::path& path, int flags)
      : file_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644)) {}
  OpenFile(OpenFile&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  ~OpenFile() {
    if (file_ >= 0) ::close(file_);
  }

  explicit operator bool() const { return file_ >= 0; }
  int get() const { return file_; }
  /// False when another holds it (`wait` off) or the file system has no locks.
  bool lock(bool wait) const {
    int result = 0;
    do result = ::flock(file_, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (result != 0 && errno == EINTR);
    return result == 0;
  }
  /// A regular file of this user that nobody else may write to.
  bool is_own() const {
    struct stat is {};
    return ::fstat(file_, &is) == 0 && S_ISREG(is.st_mode) && is.st_uid == ::geteuid() &&
           (is.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  }
  /// Whether `path` still names this file: its last holder may have removed it.
  bool is_at(const std::filesystem::path& path) const {
    struct stat here {
    }, there{};
    return ::fstat(file_, &here) == 0 && ::lstat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
  }

 private:
  int file_ = -1;
};

/// Holds `path`, made for the purpose and removed at the end. Where files cannot be made or locked it holds
/// nothing: work is then done twice, never wrongly.
class FileLock {
 public:
  explicit FileLock(std::filesystem::path path) : path_(std::move(path)) {
    for (;;) {
      file_ = OpenFile(path_, O_RDWR | O_CREAT);
      if (!file_ || !file_.lock(true)) {
        file_ = OpenFile();
        return;
      }
      if (file_.is_at(path_)) return;
    }
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() {
    if (file_) ::unlink(path_.c_str());
  }

 private:
  std::filesystem::path path_;
  OpenFile file_;
};

}  // namespace photo51::data
