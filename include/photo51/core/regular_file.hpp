#pragma once
/// What may be opened as a file.

#include <filesystem>

namespace photo51::core {

/// Error (data) when there is no file, or something that is not one: a folder, and what would never end or
/// never answer (a pipe, a device, a socket). Links are followed.
void require_regular_file(const std::filesystem::path& path);
/// Error (data) when it cannot be opened for reading.
void require_readable(const std::filesystem::path& path);

}  // namespace photo51::core
