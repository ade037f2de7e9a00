#pragma once
/// Files that are renamed to their own name once they are whole, where others may write beside them.

#include <filesystem>
#include <string>
#include <string_view>

namespace photo51::core {

/// A name beside `path` that no other write has and nobody can guess.
std::filesystem::path temporary_for(const std::filesystem::path& path);
/// The name that a file named by `temporary_for` is for, by its own name; empty when it is none.
std::string temporary_of(std::string_view file_name);

/// Where a link leads, through other links, though nothing may be there yet; `path` itself when it is no
/// link. A file that is renamed over a link would replace it. Errors as of `require_own_links`.
std::filesystem::path behind_links(const std::filesystem::path& path);
/// Error (run) when a link on the way to `path`, the last one included, belongs to neither this user nor
/// root: who plants a link in a shared folder chooses what is written over.
void require_own_links(const std::filesystem::path& path);

/// A new file beside the one that it becomes, which no link can redirect: made exclusively, under a name that
/// nobody can guess. It is removed unless `put`.
class TemporaryFile {
 public:
  /// Through links of one's own to where they lead. Error (run) when it cannot be made.
  explicit TemporaryFile(const std::filesystem::path& target);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// Open for reading and writing; stays this file's.
  int handle() const { return file_; }
  /// Another handle of it, for who closes what it is given. Error (run).
  int another_handle() const;
  /// Error (run) when the disk is full.
  void write(std::string_view bytes) const;
  /// Syncs it and renames it over its target. Error (run).
  void put();
  /// Error (run): why writing failed, and what may help.
  [[noreturn]] void fail(const std::string& why) const;

 private:
  std::filesystem::path named_, target_, path_;
  int file_ = -1;
  bool is_there_ = false;
};

}  // namespace photo51::core
