#include "data/cache/folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "data/cache/disk_cache.hpp"
#include "data/cache/file_lock.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/temporary.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// What every CACHEDIR.TAG begins with.
constexpr std::string_view tag = "Signature: 8a477f597d28d172789f06886806bc55";

/// Earlier versions left no mark, but files whose names are plainly ours.
bool is_of_earlier_version(const fs::path& folder) {
  for (const char* name : {DiskCache::stamps_file, DiskCache::sweep_file})
    if (const OpenFile file(folder / name, O_RDONLY); file && file.is_own()) return true;
  return false;
}

/// But for a mark that is being written.
bool holds_nothing(const fs::path& folder) {
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    if (core::temporary_of(at->path().filename().string()) != DiskCache::mark_file) return false;
  return !code;
}

}  // namespace

std::string distrust(const fs::path& folder) {
  struct stat is {};
  if (::lstat(folder.c_str(), &is) != 0) return std::strerror(errno);
  if (!S_ISDIR(is.st_mode)) return "is no folder";
  if (is.st_uid != ::geteuid())
    return "belongs to another user (number " + std::to_string(is.st_uid) +
           "), who can change the images in it; name another folder";
  if ((is.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "may be written to by others, who can change the images in it; `chmod go-w " + folder.string() +
           "`, or name another folder";
  return "";
}

void make_own_folder(const fs::path& folder) {
  static_cast<void>(::mkdir(folder.c_str(), S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH));
}

bool is_cache_folder(const fs::path& folder) {
  const OpenFile file(folder / DiskCache::mark_file, O_RDONLY);
  std::array<char, 256> text{};
  if (!file || !file.is_own()) return false;
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  const std::string_view said(text.data(), got > 0 ? static_cast<size_t>(got) : 0);
  return said.starts_with(tag) && said.find("photo51") != std::string_view::npos;
}

void take_cache_folder(const fs::path& folder) {
  if (folder.has_parent_path()) core::make_directories(folder.parent_path());
  std::error_code code;
  make_own_folder(folder);
  if (!fs::is_directory(folder, code)) core::make_directories(folder);  // says why not
  if (const std::string why = distrust(folder); !why.empty()) core::fail_run(folder.string() + ": " + why);
  // In this order: another process may be taking it, which marks it before all else.
  const bool empty = holds_nothing(folder);
  if (is_cache_folder(folder)) return;
  if (!empty && !is_of_earlier_version(folder))
    core::fail_run(
        folder.string() + ": is not empty, and has no " + DiskCache::mark_file +
        " of photo51, so it is no cache in which old images may be removed; name an empty or a new "
        "folder");
  core::write_file_atomic(
      folder / DiskCache::mark_file,
      std::string(tag) +
          "\n"
          "# A cache of photo51: prepared images, which are made again when they are missing.\n"
          "# For information about cache directory tags, see https://bford.info/cachedir/\n");
}

}  // namespace photo51::data
