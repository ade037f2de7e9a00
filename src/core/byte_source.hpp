#pragma once
/// A file read from front to back, unpacked on the way when it is gzipped.

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "photo51/core/regular_file.hpp"

namespace photo51::core {

class ByteSource {
 public:
  /// Error (data) when the file is missing, a folder, empty or unreadable.
  explicit ByteSource(const std::filesystem::path& path);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Up to `bytes` bytes into `to`; fewer at the end of the file. Error (data) when the packed data is
  /// damaged.
  size_t read(void* to, size_t bytes);
  /// Passes over `bytes` bytes; false when the file ends before.
  bool skip(size_t bytes);
  /// Reads what is left, so that the checksum at the end of a gzip file is compared. Gives up after `most`
  /// unpacked bytes: false when there is more.
  bool finish(uint64_t most = UINT64_MAX);

  bool packed() const { return packed_; }
  uint64_t file_bytes() const { return file_.size(); }
  /// Of the file as it lies on the disk; who reads by it must leave its position alone.
  int descriptor() const { return file_.descriptor(); }
  /// The most bytes that the file can hold when unpacked: deflate shrinks 1032 times at best.
  uint64_t most_bytes() const { return packed_ ? file_bytes() * 1040 : file_bytes(); }

 private:
  size_t refill();
  size_t read_packed(char* to, size_t bytes);

  std::filesystem::path path_;
  RegularFile file_;
  bool packed_ = false, ended_ = false;
  z_stream stream_{};
  std::unique_ptr<unsigned char[]> buffer_;
};

}  // namespace photo51::core
