#pragma once
/// Names of files that are renamed to their own once they are whole.

#include <filesystem>
#include <string>
#include <string_view>

namespace photo51::core {

/// A name beside `path` that no other write has.
std::filesystem::path temporary_for(const std::filesystem::path& path);
/// The name that a file named by `temporary_for` is for, by its own name; empty when it is none.
std::string temporary_of(std::string_view file_name);
/// Where a link leads, through other links, though nothing may be there yet; `path` itself when it is no
/// link. A file that is renamed over a link would replace it.
std::filesystem::path behind_links(const std::filesystem::path& path);

}  // namespace photo51::core
