#include <sys/stat.h>

#include "core/file_stamp.hpp"
#include "core/whole_io.hpp"
#include "data/cache/disk_cache.hpp"
#include "data/cache/file_lock.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t digits = 32;

/// Adds one file's metadata to `text`; false when it changed too lately to be trusted.
bool add(const fs::path& path, std::string& text) {
  const auto stamp = core::stamp_of(path);
  if (!stamp) return false;
  const auto& [size, written, changed, inode, device] = *stamp;
  for (const int64_t number : {size, written[0], written[1], changed[0], changed[1], inode, device})
    text += std::to_string(number) + " ";
  text += path.string() + "\n";
  return stamp->is_settled();
}

bool is_hash(std::string_view text) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::string stamp_of(const fs::path& path) {
  std::string text;
  std::error_code code;
  const fs::path whole = fs::absolute(path, code);
  if (!fs::exists(whole, code)) return "";
  for (const auto& file : imaging::content_files(whole))
    if (!add(file, text)) return "";
  return core::hash_bytes((fs::is_directory(whole, code) ? "folder\n" : "") + text);
}

/// One line a file, stamp and hash. A line is written at once, and one that is not whole is passed over.
void DiskCache::read_stamps() {
  constexpr off_t most = off_t{256} << 20;  // of more than a million files
  const OpenFile own(folder_ / stamps_file, O_RDONLY);
  struct stat is {};
  if (!own || !own.is_own() || ::fstat(own.get(), &is) != 0 || is.st_size > most) return;
  std::string text(static_cast<size_t>(is.st_size), '\0');
  if (!core::read_all(own.get(), text.data(), text.size(), 0)) return;  // files are hashed again
  for (const std::string& line : core::split(text, '\n')) {
    if (line.size() != 2 * digits + 1) continue;
    const std::string stamp = line.substr(0, digits), hash = line.substr(digits + 1);
    if (is_hash(stamp) && is_hash(hash)) stamps_[stamp] = hash;
  }
}

std::optional<std::string> DiskCache::remembered(const std::string& stamp) const {
  const std::scoped_lock lock(mutex_);
  const auto found = stamps_.find(stamp);
  if (stamp.empty() || found == stamps_.end()) return std::nullopt;
  return found->second;
}

void DiskCache::remember(const std::string& stamp, const std::string& content_hash) {
  if (stamp.empty()) return;
  const std::scoped_lock lock(mutex_);
  if (!stamps_.emplace(stamp, content_hash).second) return;
  const std::string line = "\n" + stamp + " " + content_hash + "\n";  // apart from what a full disk cut off
  const OpenFile file(folder_ / stamps_file, O_WRONLY | O_CREAT | O_APPEND);
  if (file && file.is_own() && ::write(file.get(), line.data(), line.size()) < 0)
    return;  // it is hashed again next time
}

}  // namespace photo51::data
