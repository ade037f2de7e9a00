#include "photo51/core/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "photo51/core/error.hpp"

namespace photo51::core {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_reading(const fs::path& path, int why) {
  fail_data(path.string() + ": cannot be read: " + std::strerror(why));
}

void require_kind(const fs::path& path, mode_t mode) {
  if (S_ISREG(mode)) return;
  if (S_ISDIR(mode)) fail_data(path.string() + ": is a folder, not a file");
  const char* what = S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
  fail_data(path.string() + ": is not a regular file but " + what + "; name a file on a disk");
}

}  // namespace

void require_regular_file(const fs::path& path) {
  struct stat is {};
  if (::stat(path.c_str(), &is) == 0) return require_kind(path, is.st_mode);
  const int why = errno;
  if (why == ELOOP) fail_data(path.string() + ": is a link that runs in a circle; name the file itself");
  if (why != ENOENT && why != ENOTDIR) fail_reading(path, why);
  std::error_code code;
  fail_data(path.string() + ": no such file" +
            (fs::is_symlink(path, code) ? " (it is a link that leads nowhere)" : ""));
}

void require_readable(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) fail_reading(path, errno);
  ::close(file);
}

RegularFile::RegularFile(const fs::path& path) : path_(path) {
  require_regular_file(path);  // opening a device may do something
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file_ < 0) fail_reading(path, errno);
  struct stat is {};
  try {
    if (::fstat(file_, &is) != 0) fail_reading(path, errno);
    require_kind(path, is.st_mode);
  } catch (...) {
    ::close(file_);
    throw;
  }
  size_ = static_cast<uint64_t>(is.st_size);
}

RegularFile::~RegularFile() {
  ::close(file_);
}

size_t RegularFile::read(void* to, size_t bytes) const {
  size_t got = 0;
  while (got < bytes) {
    const ssize_t piece = ::read(file_, static_cast<char*>(to) + got, bytes - got);
    if (piece < 0 && errno == EINTR) continue;
    if (piece < 0) fail_data(path_.string() + ": reading failed: " + std::strerror(errno));
    if (piece == 0) break;
    got += static_cast<size_t>(piece);
  }
  return got;
}

std::vector<fs::path> regular_files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    std::error_code of_entry;
    if (at->is_regular_file(of_entry)) files.push_back(at->path());
  }
  if (code) fail_data(folder.string() + ": the folder cannot be read: " + code.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace photo51::core
