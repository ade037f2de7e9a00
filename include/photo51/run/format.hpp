#pragma once
/// The version of the run folder's format.

#include <cstdint>
#include <filesystem>

namespace photo51::run {

/// What this program writes, as `format` of `environment.json`. It grows when a program that knows only the
/// version before could not read the folder any more, or would read it wrongly.
inline constexpr int64_t format_version = 1;
inline constexpr const char* format_key = "format";

/// Error (data) that names this program's version when the folder says a newer format than it knows, or no
/// version at all where it says one. Runs of older programs say none and are read; so is a folder without
/// `environment.json`, which holds weights that were copied.
void check_format(const std::filesystem::path& folder);

}  // namespace photo51::run
