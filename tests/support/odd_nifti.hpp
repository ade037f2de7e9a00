#pragma once
/// A NIfTI that can be read and is odd: its sform and qform disagree.

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace photo51::test {

/// What its warning says.
inline const std::string odd_words = "sform and qform put a corner";

/// Moves the qform of an uncompressed NIfTI-1 by `mm` along x.
inline void make_odd(const std::filesystem::path& path, float mm = 2) {
  constexpr std::streamoff qoffset_x = 268;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  float offset = 0;
  file.seekg(qoffset_x);
  file.read(reinterpret_cast<char*>(&offset), sizeof offset);
  offset += mm;
  file.seekp(qoffset_x);
  file.write(reinterpret_cast<const char*>(&offset), sizeof offset);
}

}  // namespace photo51::test
