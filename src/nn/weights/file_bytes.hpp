#pragma once
/// A file of weights in memory.

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>

#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"

namespace photo51::nn {

struct FileBytes {
  /// Errors (data) that name the file: those of `core::RegularFile`; reading it fails.
  explicit FileBytes(const std::filesystem::path& path) {
    const core::RegularFile file(path);
    size = file.size();
    bytes = core::memory_for(size);
    errno = 0;
    if (!core::read_all(file.descriptor(), bytes.get(), size, 0)) {
      const std::string why = errno == 0 ? "it ends before its length" : std::strerror(errno);
      core::fail_data(path.string() + ": reading failed: " + why + "; copy it again");
    }
  }
  std::string_view view() const { return {bytes.get(), size}; }

  std::shared_ptr<char> bytes;  ///< tensors share and keep it
  size_t size = 0;
};

}  // namespace photo51::nn
