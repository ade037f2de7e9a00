#pragma once
/// Files that a command writes, none of which may be one that it reads or has written.

#include <filesystem>
#include <vector>

namespace photo51::commands {

class Outputs {
 public:
  /// Empty paths are none; of `FILE#CHOICE` the file counts.
  explicit Outputs(std::vector<std::filesystem::path> inputs);
  /// Error (usage) where `file`, by whatever name, is an input or was added before. An empty path is none.
  void add(const std::filesystem::path& file);

 private:
  std::vector<std::filesystem::path> inputs_, outputs_;
};

}  // namespace photo51::commands
