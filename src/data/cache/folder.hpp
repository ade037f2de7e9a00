#pragma once
/// Whose a cache's folder is. What lies in it is predicted from, and anybody can compute a checksum: only a
/// folder that nobody else may write to can be trusted.

#include <filesystem>
#include <string>

namespace photo51::data {

/// Why the folder, links not followed, cannot be trusted; "" when it can.
std::string distrust(const std::filesystem::path& folder);
/// Makes it, when it is not there, with no right to write for others whatever the umask says.
void make_own_folder(const std::filesystem::path& folder);
/// Whether it has the mark of a cache of photo51: only there may entries be removed.
bool is_cache_folder(const std::filesystem::path& folder);
/// Makes the folder, or takes one that is empty or a cache of photo51, and marks it. Error (run) otherwise,
/// or when it cannot be trusted.
void take_cache_folder(const std::filesystem::path& folder);

}  // namespace photo51::data
