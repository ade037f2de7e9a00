#pragma once
/// Whole files: read, write atomically, hash.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace photo51::core {

/// Error (data) when there is no file, or something that is not one: a folder, and what would never end or
/// never answer (a pipe, a device, a socket). Links are followed.
void require_regular_file(const std::filesystem::path& path);

/// Error (data) when it cannot be opened for reading.
void require_readable(const std::filesystem::path& path);

/// The whole file. Error (data) when it is missing, not a regular file or unreadable.
std::string read_file(const std::filesystem::path& path);
/// The same, unpacked when it is gzipped. Error (data) also when the packed data is damaged or cut off.
std::string read_text(const std::filesystem::path& path);

/// Writes a temporary file beside `path`, syncs it and renames it over `path`: a reader or a crash sees the
/// old content or the new, never a part. A link stays; the file it points to is replaced. Error (run) when
/// the disk is full or the folder cannot be written.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);
/// Where a link leads, through other links, though nothing may be there yet; `path` itself when it is no
/// link.
std::filesystem::path behind_links(const std::filesystem::path& path);
/// A name beside `path` that no other write has, for a file that is renamed once it is whole.
std::filesystem::path temporary_for(const std::filesystem::path& path);
/// The name that a file named by `temporary_for` is for, by its own name; empty when it is none.
std::string temporary_of(std::string_view file_name);

/// Creates the folder and its parents. Error (run) with the reason otherwise.
void make_directories(const std::filesystem::path& path);

/// XXH3 (128 bits) of a file's content or of bytes, as 32 hexadecimal digits.
std::string hash_file(const std::filesystem::path& path);
std::string hash_bytes(std::string_view bytes);

}  // namespace photo51::core
