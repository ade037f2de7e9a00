#include "nn/weights/zip_directory.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "photo51/core/error.hpp"

namespace photo51::nn {
namespace {

constexpr uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50,
                   end64_mark = 0x06064b50, locator_mark = 0x07064b50;
constexpr size_t local_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56, locator_bytes = 20;
constexpr uint32_t is_in_64_bits = 0xffffffff;  ///< the number stands elsewhere

/// The number of type `T` at that place of little-endian bytes, which must reach so far.
template <class T>
T number_at(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

[[noreturn]] void fail_cut() {
  core::fail_data("its zip directory is cut off or damaged; copy the file again");
}

std::string_view piece(std::string_view bytes, uint64_t at, uint64_t count) {
  if (at > bytes.size() || count > bytes.size() - at) fail_cut();
  return bytes.substr(at, count);
}

/// Where the record is that ends the archive: behind it comes a comment of the length that it says.
size_t end_record(std::string_view archive) {
  if (archive.size() < end_bytes) fail_cut();
  const size_t last = archive.size() - end_bytes;
  const size_t first = last > 0xffff ? last - 0xffff : 0;
  for (size_t at = last + 1; at-- > first;)
    if (number_at<uint32_t>(archive, at) == end_mark && number_at<uint16_t>(archive, at + 20) == last - at)
      return at;
  fail_cut();
}

struct Extent {
  uint64_t at, bytes, entries;
};

Extent directory_of(std::string_view archive) {
  const size_t end = end_record(archive);
  const auto disk = number_at<uint16_t>(archive, end + 4), begins = number_at<uint16_t>(archive, end + 6);
  Extent found{number_at<uint32_t>(archive, end + 16), number_at<uint32_t>(archive, end + 12),
               number_at<uint16_t>(archive, end + 10)};
  if (end >= locator_bytes && number_at<uint32_t>(archive, end - locator_bytes) == locator_mark) {
    const auto at = number_at<uint64_t>(archive, end - locator_bytes + 8);
    const std::string_view record = piece(archive, at, end64_bytes);
    if (number_at<uint32_t>(record, 0) != end64_mark) fail_cut();
    found = {number_at<uint64_t>(record, 48), number_at<uint64_t>(record, 40),
             number_at<uint64_t>(record, 32)};
  } else if (disk != 0 || begins != 0) {
    core::fail_data("it is one of several parts of a zip archive; put them together");
  }
  return found;
}

/// The 64-bit numbers of an entry that did not fit into 32, in the order of the format.
void widen(std::string_view extra, std::initializer_list<std::pair<uint64_t*, bool>> numbers) {
  constexpr uint16_t wide_numbers = 1;
  for (size_t at = 0; at + 4 <= extra.size();) {
    const auto kind = number_at<uint16_t>(extra, at), count = number_at<uint16_t>(extra, at + 2);
    const std::string_view field = piece(extra, at + 4, count);
    at += size_t{4} + count;
    if (kind != wide_numbers) continue;
    size_t place = 0;
    for (const auto& [number, is_wide] : numbers) {
      if (!is_wide) continue;
      *number = number_at<uint64_t>(piece(field, place, 8), 0);
      place += 8;
    }
    return;
  }
  if (std::ranges::any_of(numbers, [](const auto& number) { return number.second; })) fail_cut();
}

}  // namespace

ZipDirectory::ZipDirectory(std::string_view archive) : archive_(archive) {
  const Extent extent = directory_of(archive);
  std::string_view rest = piece(archive, extent.at, extent.bytes);
  if (extent.entries > extent.bytes / central_bytes) fail_cut();
  for (uint64_t i = 0; i < extent.entries; ++i) {
    const std::string_view head = piece(rest, 0, central_bytes);
    if (number_at<uint32_t>(head, 0) != central_mark) fail_cut();
    const auto name_bytes = number_at<uint16_t>(head, 28), extra_bytes = number_at<uint16_t>(head, 30),
               comment_bytes = number_at<uint16_t>(head, 32);
    const std::string name(piece(rest, central_bytes, name_bytes));
    uint64_t packed = number_at<uint32_t>(head, 20), bytes = number_at<uint32_t>(head, 24),
             header = number_at<uint32_t>(head, 42);
    widen(piece(rest, central_bytes + name_bytes, extra_bytes), {{&bytes, bytes == is_in_64_bits},
                                                                 {&packed, packed == is_in_64_bits},
                                                                 {&header, header == is_in_64_bits}});
    if (header > archive.size() || packed > archive.size() - header)
      core::fail_data("entry `" + name + "` reaches beyond the file's end; copy the file again");
    const Entry entry{header, bytes, number_at<uint32_t>(head, 16), number_at<uint16_t>(head, 8),
                      number_at<uint16_t>(head, 10)};
    if (!entries_.emplace(name, entry).second)
      core::fail_data("two entries are called `" + name + "`; the file is damaged, or was tampered with");
    rest.remove_prefix(
        piece(rest, 0, central_bytes + size_t{name_bytes} + extra_bytes + comment_bytes).size());
  }
}

std::string ZipDirectory::name_ending(std::string_view end) const {
  for (const auto& entry : entries_)
    if (entry.first.ends_with(end)) return entry.first;
  return "";
}

std::string_view ZipDirectory::stored(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) core::fail_data("there is no entry `" + name + "`; copy the file again");
  const Entry& entry = found->second;
  constexpr uint16_t encrypted = 1;
  if (entry.method != 0 || (entry.flags & encrypted) != 0)
    core::fail_data("entry `" + name +
                    "` is compressed or encrypted, which torch.save never does; save the weights again");
  const std::string_view head = piece(archive_, entry.header, local_bytes);
  if (number_at<uint32_t>(head, 0) != local_mark) fail_cut();
  const uint64_t begin =
      entry.header + local_bytes + number_at<uint16_t>(head, 26) + number_at<uint16_t>(head, 28);
  const std::string_view bytes = piece(archive_, begin, entry.bytes);
  if (entry.checksum == 0) return bytes;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (sum != entry.checksum)
    core::fail_data("entry `" + name +
                    "` is not as it was written: its checksum does not match; copy the file "
                    "again");
  return bytes;
}

}  // namespace photo51::nn
