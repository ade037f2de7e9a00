#pragma once
/// Whole files: read, write atomically, hash.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace photo51::core {

/// How much may be read of a file that is read whole, and what its reader can do about a larger one.
struct MostBytes {
  uint64_t bytes;
  const char* remedy;
};
inline constexpr MostBytes most_of_a_file{uint64_t{4} << 30, "is it the right file?"};
inline constexpr MostBytes most_of_a_config{uint64_t{16} << 20,
                                            "a config is a short text; is it the right file?"};
inline constexpr MostBytes most_of_a_table{uint64_t{1} << 30,
                                           "leave out columns and rows that are not needed, or split it"};
inline constexpr MostBytes most_of_genes{uint64_t{8} << 30,
                                         "leave out genes or samples that are not needed, or split it"};

/// The whole file. Error (data) when it is missing or unreadable, or larger than `most`.
std::string read_file(const std::filesystem::path& path, const MostBytes& most = most_of_a_file);
/// The same, unpacked when it is gzipped. Error (data) also when the packed data is damaged or cut off, or
/// unpacks to more than `most` or more than text does; (run) when the memory does not suffice.
std::string read_text(const std::filesystem::path& path, const MostBytes& most = most_of_a_table);

/// Writes a temporary file beside `path`, syncs it and renames it over `path`: a reader or a crash sees the
/// old content or the new, never a part. A link of one's own is written through, one of another user is not
/// (core/temporary.hpp). Error (run) when the disk is full or the folder cannot be written.
void write_file_atomic(const std::filesystem::path& path, std::string_view content);
/// Adds a line to a file, which is made when absent; never through a link. Error (run).
void append_line(const std::filesystem::path& path, std::string_view line);

/// Creates the folder and its parents. Error (run) with the reason otherwise; a link of another user on the
/// way is one.
void make_directories(const std::filesystem::path& path);

/// XXH3 (128 bits) of a file's content or of bytes, as 32 hexadecimal digits.
std::string hash_file(const std::filesystem::path& path);
std::string hash_bytes(std::string_view bytes);

}  // namespace photo51::core
