#include <algorithm>
#include <chrono>
#include <string_view>

#include "data/cache/disk_cache.hpp"
#include "data/cache/file_lock.hpp"
#include "data/cache/folder.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/temporary.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

struct Entry {
  fs::file_time_type read;
  int64_t bytes = 0;
  fs::path path;
};

bool is_made_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

enum class Kind { entry, left_over, foreign };

/// By the name alone, which is a hash of 32 digits in the folder of its first two: other files may lie in the
/// folder of a cache, and no pattern such as `*.lock` says whose they are.
Kind kind_of(const fs::path& path) {
  constexpr size_t digits = 32;
  const std::string name = path.filename().string(), folder = path.parent_path().filename().string();
  const std::string_view key = std::string_view(name).substr(0, digits);
  if (key.size() != digits || !is_made_of(key, "0123456789abcdef") || folder != key.substr(0, 2))
    return Kind::foreign;
  const std::string_view rest = std::string_view(name).substr(digits);
  constexpr std::string_view earlier = ".p51.tmp";  // and the number of a process
  if (rest == ".p51") return Kind::entry;
  if (rest == ".p51.lock" || core::temporary_of(rest) == ".p51") return Kind::left_over;
  return rest.starts_with(earlier) && is_made_of(rest.substr(earlier.size()), "0123456789") ? Kind::left_over
                                                                                            : Kind::foreign;
}

/// Removes a lock or a temporary file whose holder is dead.
void remove_if_left(const fs::path& path) {
  const OpenFile file(path, O_RDWR);
  if (file && file.lock(false) && file.is_at(path)) ::unlink(path.c_str());
}

}  // namespace

void DiskCache::sweep() {
  // Others may have come by it since it was taken.
  if (!is_cache_folder(folder_) || !distrust(folder_).empty()) return;
  const OpenFile lock(folder_ / sweep_file, O_RDWR | O_CREAT);
  if (lock && !lock.lock(false)) return;  // another one is at it
  written_ = 0;
  const auto a_minute_ago = fs::file_time_type::clock::now() - std::chrono::minutes(1);
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code code;
  for (fs::directory_iterator folder(folder_, code), none; folder != none && !code; folder.increment(code)) {
    std::error_code gone;  // other processes write and remove meanwhile
    if (!distrust(folder->path()).empty()) continue;
    for (fs::directory_iterator at(folder->path(), gone), end; at != end && !gone; at.increment(gone)) {
      std::error_code here;
      const Kind kind = kind_of(at->path());
      if (kind == Kind::foreign || at->symlink_status(here).type() != fs::file_type::regular) continue;
      const auto changed = at->last_write_time(here);
      if (here) continue;
      if (kind == Kind::entry) {
        const auto bytes = static_cast<int64_t>(at->file_size(here));
        if (here) continue;
        entries.push_back({changed, bytes, at->path()});
        total += bytes;
      } else if (changed < a_minute_ago) {
        remove_if_left(at->path());
      }
    }
  }
  if (total <= limit_) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.read < b.read; });
  const int64_t target = limit_ - limit_ / 10;
  size_t removed = 0;
  for (; removed < entries.size() && total > target; ++removed) {
    fs::remove(entries[removed].path, code);  // who has it mapped goes on reading
    total -= entries[removed].bytes;
  }
  core::log_debug("cache: " + std::to_string(removed) + " images removed");
}

}  // namespace photo51::data
