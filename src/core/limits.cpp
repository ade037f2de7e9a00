#include "photo51/core/limits.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

namespace fs = std::filesystem;

/// The first line of a small file of the system; nothing when it cannot be read.
std::optional<std::string> first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return std::string(trim(line));
}

std::optional<int64_t> whole_number(const fs::path& path) {
  const auto line = first_line(path);
  const auto number = line ? parse_int(*line) : std::nullopt;  // "max" is none
  return number ? std::optional<int64_t>(*number) : std::nullopt;
}

/// A line `name 123` of a file of such lines.
int64_t value_of(const fs::path& path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  for (int64_t value = 0; file >> word >> value;)
    if (word == name) return value;
  return 0;
}

/// A hierarchy of control groups: where it is mounted, which of its groups is seen there, and ours.
struct Hierarchy {
  bool second = false;      ///< version 2, with all controllers
  std::string controllers;  ///< version 1: "cpu,cpuacct"
  fs::path mount, seen, own;

  bool has(const std::string& controller) const {
    const auto all = split(controllers, ',');
    return second || std::find(all.begin(), all.end(), controller) != all.end();
  }
  /// The folders of our group and of those that contain it, as far as they are seen.
  std::vector<fs::path> folders() const {
    const fs::path below = own.lexically_relative(seen);
    std::vector<fs::path> all{mount};
    // Within a container the group is often named as the host sees it, though its own is what is mounted.
    if (below.empty() || *below.begin() == ".." || below == ".") return all;
    for (const auto& part : below) all.push_back(all.back() / part);
    return all;
  }
};

/// `\040` and the like, as mountinfo writes blanks.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return plain;
}

std::vector<Hierarchy> hierarchies(const fs::path& root) {
  std::vector<Hierarchy> all;
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    // number parent device ROOT MOUNT options … - TYPE source SUPER_OPTIONS
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash)), after(line.substr(dash + 3));
    std::string skipped, seen, mount, type, options;
    before >> skipped >> skipped >> skipped >> seen >> mount;
    after >> type >> skipped >> options;
    if (type != "cgroup" && type != "cgroup2") continue;
    Hierarchy one;
    one.second = type == "cgroup2";
    one.controllers = options;
    one.seen = unescaped(seen);
    one.mount = root / fs::path(unescaped(mount)).relative_path();
    all.push_back(std::move(one));
  }
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    // number:controllers:path; "0::path" is version 2
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    for (auto& one : all) {
      if (one.second != controllers.empty()) continue;
      if (one.second || one.has(split(controllers, ',').front())) one.own = line.substr(second + 1);
    }
  }
  return all;
}

template <class T>
void take_least(std::optional<T>& known, T value) {
  known = known ? std::min(*known, value) : value;
}

void add_memory(const fs::path& folder, bool second, GroupLimits& limits) {
  std::optional<int64_t> most;
  for (const char* name : {"memory.max", "memory.high", "memory.limit_in_bytes"})
    if (const auto value = whole_number(folder / name)) take_least(most, *value);
  constexpr int64_t endless = int64_t{1} << 60;  // version 1 writes a number near 2^63
  if (!most || *most >= endless) return;
  take_least(limits.memory_bytes, *most);
  const auto used = whole_number(folder / (second ? "memory.current" : "memory.usage_in_bytes"));
  if (!used) return;
  // What was read from files and is not in use is given back before the limit bites.
  const int64_t cached = value_of(folder / "memory.stat", second ? "inactive_file" : "total_inactive_file");
  take_least(limits.available_bytes, std::max<int64_t>(0, *most - std::max<int64_t>(0, *used - cached)));
}

void add_processors(const fs::path& folder, bool second, GroupLimits& limits) {
  std::optional<int64_t> quota, period;
  if (second) {
    const auto words = split(first_line(folder / "cpu.max").value_or(""), ' ');
    if (words.size() == 2 && parse_int(words[0])) quota = parse_int(words[0]);
    if (words.size() == 2 && parse_int(words[1])) period = parse_int(words[1]);
  } else {
    quota = whole_number(folder / "cpu.cfs_quota_us");  // -1 = no limit
    period = whole_number(folder / "cpu.cfs_period_us");
  }
  if (quota && period && *quota > 0 && *period > 0)
    take_least(limits.processors, static_cast<double>(*quota) / static_cast<double>(*period));
}

int in_affinity_mask() {
  for (size_t most = 1024; most <= size_t{1} << 20; most *= 2) {
    cpu_set_t* mask = CPU_ALLOC(most);
    if (mask == nullptr) break;
    const size_t bytes = CPU_ALLOC_SIZE(most);
    const bool got = ::sched_getaffinity(0, bytes, mask) == 0;  // fails when the machine has more
    const int count = got ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (got) return count;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

GroupLimits read_group_limits(const fs::path& root) {
  GroupLimits limits;
  for (const auto& one : hierarchies(root)) {
    for (const auto& folder : one.folders()) {
      if (one.has("memory")) add_memory(folder, one.second, limits);
      if (one.has("cpu")) add_processors(folder, one.second, limits);
    }
  }
  return limits;
}

int processors() {
  const int allowed = std::max(1, in_affinity_mask());
  static const auto quota = read_group_limits().processors;
  return quota ? std::clamp(static_cast<int>(std::ceil(*quota)), 1, allowed) : allowed;
}

int startable_threads(int wanted) {
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
  std::vector<std::thread> threads;
  try {
    while (static_cast<int>(threads.size()) < wanted)
      threads.emplace_back([&] {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return done; });
      });
  } catch (const std::system_error&) {
    // The answer is how many there are.
  }
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  wake.notify_all();
  for (auto& thread : threads) thread.join();
  return static_cast<int>(threads.size());
}

void check_thread_count(const std::string& what, int64_t wanted) {
  const int64_t most = std::max<int64_t>(64, 4 * processors());
  if (wanted <= most) return;
  fail_usage(what + ": " + std::to_string(wanted) + " threads are more than this machine can make use of (" +
             std::to_string(processors()) + " processors; at most " + std::to_string(most) +
             " are taken); set it to " + std::to_string(processors()) + " or less");
}

}  // namespace photo51::core
