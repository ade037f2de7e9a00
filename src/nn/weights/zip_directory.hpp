#pragma once
/// What lies in a zip archive (PKWARE APPNOTE 6.3), with 64-bit sizes where they are needed.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace photo51::nn {

class ZipDirectory {
 public:
  /// `archive` must live as long. Errors (data): no archive, one of several disks, a directory that is cut
  /// off, an entry outside of the file, two of one name.
  explicit ZipDirectory(std::string_view archive);

  bool contains(const std::string& name) const { return entries_.contains(name); }
  /// The first name that ends so, or nothing.
  std::string name_ending(std::string_view end) const;
  /// The bytes of an entry that is stored as it is, where they lie in the archive. Its checksum (CRC-32) is
  /// verified unless it is 0, as it is in archives that were written without. Errors (data): there is none of
  /// this name, it is compressed or encrypted, it is damaged.
  std::string_view stored(const std::string& name) const;

 private:
  struct Entry {
    uint64_t header, bytes;  ///< where its own header is, and how many bytes follow that
    uint32_t checksum;
    uint16_t flags, method;
  };
  std::string_view archive_;
  std::map<std::string, Entry> entries_;
};

}  // namespace photo51::nn
