#include <algorithm>
#include <chrono>

#include "data/disk_cache.hpp"
#include "data/locked_file.hpp"
#include "photo51/core/log.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

struct Entry {
  fs::file_time_type read;
  int64_t bytes = 0;
  fs::path path;
};

/// Removes a lock or a temporary file whose holder is dead.
void remove_if_left(const fs::path& path) {
  const OpenFile file(path, O_RDWR);
  if (file && file.lock(false) && file.is_at(path)) ::unlink(path.c_str());
}

}  // namespace

void DiskCache::sweep() {
  const OpenFile lock(folder_ / "sweeping", O_RDWR | O_CREAT);
  if (lock && !lock.lock(false)) return;  // another one is at it
  written_ = 0;
  const auto a_minute_ago = fs::file_time_type::clock::now() - std::chrono::minutes(1);
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator at(folder_, code), end; at != end && !code; at.increment(code)) {
    std::error_code gone;  // other processes write and remove meanwhile
    const fs::path& path = at->path();
    const auto changed = at->last_write_time(gone);
    if (gone || !at->is_regular_file(gone)) continue;
    const std::string kind = path.extension().string();
    if (kind == ".p51") {
      const auto bytes = static_cast<int64_t>(at->file_size(gone));
      if (gone) continue;
      entries.push_back({changed, bytes, path});
      total += bytes;
    } else if ((kind == ".lock" || kind.starts_with(".tmp")) && changed < a_minute_ago) {
      remove_if_left(path);
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
