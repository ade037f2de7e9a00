#pragma once
/// What this process may use of the machine: a container's limits and the affinity mask count, not the host.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace photo51::core {

/// What the control groups (version 1 or 2) of this process and all that contain them leave to it.
struct GroupLimits {
  std::optional<double> processors;     ///< of time; nothing = no limit
  std::optional<int64_t> memory_bytes;  ///< the smallest limit
  std::optional<int64_t>
      available_bytes;  ///< the least that is left below a limit; the file cache counts as left
};
/// Reads `root`/proc/self and the mounts that are named there, below `root` too.
GroupLimits read_group_limits(const std::filesystem::path& root = "/");

/// Processors to compute on: those of the affinity mask, at most the group's time rounded up; at least 1.
int processors();

/// How many of `wanted` threads can be started now; it starts and ends them.
int startable_threads(int wanted);
/// Error (usage) when `wanted` threads are more than this machine can make use of, `what` names the setting.
void check_thread_count(const std::string& what, int64_t wanted);

}  // namespace photo51::core
