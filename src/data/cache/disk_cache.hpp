#pragma once
/// Prepared images and texts on disk, which workers, processes and later runs share. docs/cache.md tells the
/// layout of the folder.

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "data/images/prepared_image.hpp"

namespace photo51::data {

class DiskCache {
 public:
  /// Beside the entries; the folder may hold files of others, so the names are plainly ours.
  static constexpr const char *stamps_file = "photo51.stamps", *sweep_file = "photo51.sweep";
  /// Says that the folder is a cache of photo51, in which entries may be removed (bford.info/cachedir).
  static constexpr const char* mark_file = "CACHEDIR.TAG";

  /// Error (run) when the folder cannot be made, belongs to another user or may be written to by others
  /// (their entries would be predicted from), or holds files and is no cache of photo51.
  explicit DiskCache(const CacheOptions& options);

  /// The image of `key` (32 hexadecimal digits): the one that lies on disk, or else what `make` gives, which
  /// is then kept. Of several threads and processes that ask for one key at once, one makes it and the others
  /// wait. An entry that is torn, damaged or foreign is made again, with a warning. When the disk is full or
  /// cannot be written there is one warning, and the images are made and not kept.
  /// `type` is that of its values, float32 or uint8; an entry of another is damaged.
  PreparedImage fetch(const std::string& key, const std::function<PreparedImage()>& make,
                      c10::ScalarType type = c10::ScalarType::Float);
  /// The same of a text. Keys of texts and of images must differ.
  std::string fetch_text(const std::string& key, const std::function<std::string()>& make);
  std::filesystem::path path_of(const std::string& key) const;

  /// Content hashes of files by a stamp of their metadata (`stamp_of`), remembered from run to run.
  std::optional<std::string> remembered(const std::string& stamp) const;
  void remember(const std::string& stamp, const std::string& content_hash);

  /// Removes what was read longest ago until nine tenths of the limit are left, and what killed writers left
  /// behind; files whose names are not an entry's are never touched. Called after writing when there may be
  /// need.
  void sweep();

 private:
  struct Held;
  using Check = std::function<bool(const Held&)>;
  std::optional<Held> read(const std::string& key) const;
  void write(const std::string& key, const Held& entry);
  /// `usable`: whether the key's entry holds what is asked for.
  Held hold(const std::string& key, const Check& usable, const std::function<Held()>& make);
  void warn_once(const std::string& what);
  void read_stamps();

  std::filesystem::path folder_;
  int64_t limit_;                            ///< bytes
  std::atomic<int64_t> written_{INT64_MAX};  ///< bytes since the last sweep; the first write calls for one
  std::atomic<bool> warned_{false};
  mutable std::mutex mutex_;
  std::map<std::string, std::string> stamps_;
};

/// Path, size, time of change, inode and device of a file, or of all files of a folder, hashed; "" when a
/// file has changed so lately that a later change could bear the same time.
std::string stamp_of(const std::filesystem::path& path);

}  // namespace photo51::data
