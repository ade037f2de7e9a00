#pragma once
/// What a safetensors file says it holds, and where: for readers that take parts of it.

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "photo51/core/regular_file.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {

struct StoredTensor {
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  ///< its first byte in the file
  uint64_t bytes = 0;
};

struct SafetensorsHeader {
  std::map<std::string, StoredTensor> tensors;
  Metadata metadata;  ///< as it stands there; no checksum is verified, since that needs the whole file
};

/// Reads nothing but the header. Every tensor lies within the file. Errors (data) that name `path`: those of
/// `read_safetensors` that concern the header.
SafetensorsHeader read_safetensors_header(const core::RegularFile& file, const std::filesystem::path& path);

}  // namespace photo51::nn
