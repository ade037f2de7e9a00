#pragma once
/// Which files make up an image: a header may keep its voxels elsewhere.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace photo51::imaging {

/// The files that a header names beside itself, in its order: voxels of MetaImage (`ElementDataFile`) and
/// NRRD (`data file`), a file, a list or a numbered pattern; the folder of a MIRAX slide, with what its
/// Slidedat.ini names; the pictures of a Hamamatsu .vms or .vmu. Empty for what holds all of itself. Errors
/// (data), each naming the header and its field: a path or a link that leaves the header's folder, unless
/// `FileLimits` allows it; a missing file; a pattern that does not number files.
std::vector<std::filesystem::path> referenced_files(const std::filesystem::path& path);

/// All files that reading `path` may read: itself and what it refers to, or a folder's files by name.
std::vector<std::filesystem::path> content_files(const std::filesystem::path& path);

/// Bytes of `content_files`.
std::uintmax_t content_bytes(const std::filesystem::path& path);
/// XXH3 (32 hexadecimal digits) of the content of `content_files`; of a single file that of
/// `core::hash_file`.
std::string content_hash(const std::filesystem::path& path);

}  // namespace photo51::imaging
