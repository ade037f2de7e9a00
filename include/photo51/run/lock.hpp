#pragma once
/// One process at a time writes into a run folder.

#include <filesystem>
#include <memory>

namespace photo51::run {

/// Holds the folder until it is destroyed or the process ends, however that ends: flock(2) on `photo51.lock`,
/// which stays as the mark of a run folder.
class Lock {
 public:
  /// Makes the file where it is missing; the folder must exist. Error (run): another process, or another lock
  /// of this one, holds the folder; the file cannot be written. A file system without locks is a warning.
  explicit Lock(const std::filesystem::path& folder);

 private:
  std::shared_ptr<void> held_;
};

}  // namespace photo51::run
