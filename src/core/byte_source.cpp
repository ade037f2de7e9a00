#include "core/byte_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "photo51/core/error.hpp"

namespace photo51::core {
namespace {

constexpr size_t kBuffer = size_t{1} << 18;

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path) : path_(path), file_(path) {
  if (file_.size() == 0) fail_data(path.string() + ": the file is empty; copy it again");
  unsigned char magic[2] = {0, 0};
  packed_ = ::pread(file_.descriptor(), magic, 2, 0) == 2 && magic[0] == 0x1F && magic[1] == 0x8B;
  if (packed_) {
    buffer_ = std::make_unique_for_overwrite<unsigned char[]>(kBuffer);
    inflateInit2(&stream_, 15 + 16);
  }
}

ByteSource::~ByteSource() {
  if (packed_) inflateEnd(&stream_);
}

size_t ByteSource::refill() {
  stream_.next_in = buffer_.get();
  stream_.avail_in = static_cast<uInt>(file_.read(buffer_.get(), kBuffer));
  return stream_.avail_in;
}

size_t ByteSource::read(void* to, size_t bytes) {
  auto* at = static_cast<char*>(to);
  if (packed_) return read_packed(at, bytes);
  return file_.read(at, bytes);
}

size_t ByteSource::read_packed(char* to, size_t bytes) {
  size_t got = 0;
  while (got < bytes && !ended_) {
    if (stream_.avail_in == 0 && refill() == 0) break;
    // zlib counts in 32 bits.
    const size_t room = std::min(bytes - got, size_t{1} << 30);
    stream_.next_out = reinterpret_cast<Bytef*>(to + got);
    stream_.avail_out = static_cast<uInt>(room);
    const int state = inflate(&stream_, Z_NO_FLUSH);
    got += room - stream_.avail_out;
    if (state == Z_STREAM_END) {
      // Another gzip member may follow, as block-gzipping tools write; anything else is padding.
      if (stream_.avail_in == 0) refill();
      ended_ = stream_.avail_in < 2 || stream_.next_in[0] != 0x1F;
      if (!ended_) inflateReset(&stream_);
    } else if (state != Z_OK && state != Z_BUF_ERROR) {
      fail_data(path_.string() + ": the packed data is damaged (" +
                (stream_.msg != nullptr ? stream_.msg : "gzip error") + "); copy the file again");
    }
  }
  return got;
}

bool ByteSource::skip(size_t bytes) {
  char scratch[4096];
  while (bytes > 0) {
    const size_t piece = read(scratch, std::min(bytes, sizeof scratch));
    if (piece == 0) return false;
    bytes -= piece;
  }
  return true;
}

bool ByteSource::finish(uint64_t most) {
  if (!packed_ || ended_) return true;
  char scratch[4096];
  while (const size_t got = read(scratch, sizeof scratch)) {
    if (got > most) return false;
    most -= got;
  }
  if (!ended_) fail_data(path_.string() + ": the file is cut off; copy the file again");
  return true;
}

}  // namespace photo51::core
