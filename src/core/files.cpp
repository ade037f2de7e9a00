#include "photo51/core/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/byte_source.hpp"
#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

std::string reason() {
  return std::strerror(errno);
}

constexpr size_t piece = size_t{1} << 20;         ///< bytes that are read at once
constexpr uint64_t trusted = uint64_t{64} << 20;  ///< bytes that any file may unpack to
constexpr uint64_t most_shrunk = 500;             ///< a table of nothing but zeros shrinks less

std::string in_words(uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / (1 << 20);
  return mib < 1024 ? format_fixed(mib, 1) + " MiB" : format_fixed(mib / 1024, 1) + " GiB";
}

[[noreturn]] void fail_size(const std::filesystem::path& path, const char* verb, uint64_t bytes,
                            const MostBytes& most) {
  fail_data(path.string() + ": " + verb + " " + in_words(bytes) + " or more, and at most " +
            in_words(most.bytes) + " are read of such a file; " + most.remedy);
}

/// Makes the text longer. The system promises memory that it has not; a process that takes it is killed.
void make_room(std::string& text, size_t more, const std::filesystem::path& path) {
  constexpr size_t small = size_t{256} << 20;
  const size_t needed = text.size() + more;
  if (needed > text.capacity() && needed > small) {
    const size_t room = std::max(needed, text.size() + text.size() / 2);
    if (std::cmp_greater(room, available_memory_bytes()))
      fail_run(path.string() + ": reading it needs " + in_words(room) +
               " of memory, more than is left; close other programs or make the file smaller");
    text.reserve(room);
  }
  text.resize(needed);
}

std::string to_hex(XXH128_hash_t hash) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, const MostBytes& most) {
  const RegularFile file(path);
  if (file.size() > most.bytes) fail_size(path, "has", file.size(), most);
  std::string content;
  // A file of the system says that it has no bytes, and one that grows has more than it said.
  for (size_t more = file.size() + 1; more > 0;) {
    const size_t before = content.size();
    make_room(content, more, path);
    const size_t got = file.read(content.data() + before, more);
    content.resize(before + got);
    if (content.size() > most.bytes) fail_size(path, "has", content.size(), most);
    more = got < more ? 0 : piece;
  }
  return content;
}

std::string read_text(const std::filesystem::path& path, const MostBytes& most) {
  {
    const RegularFile file(path);
    char magic[2] = {0, 0};
    if (file.read(magic, 2) < 2 || std::string_view(magic, 2) != "\x1F\x8B") return read_file(path, most);
  }
  ByteSource source(path);
  if (source.file_bytes() > most.bytes) fail_size(path, "has", source.file_bytes(), most);
  std::string text;
  for (size_t got = piece; got == piece;) {
    const size_t before = text.size();
    make_room(text, piece, path);
    got = source.read(text.data() + before, piece);
    text.resize(before + got);
    if (text.size() > most.bytes) fail_size(path, "unpacks to", text.size(), most);
    if (text.size() > trusted && text.size() / source.file_bytes() > most_shrunk)
      fail_data(path.string() + ": unpacks to more than " + std::to_string(most_shrunk) +
                " times its size, which no table does; is it the right file?");
  }
  source.finish();
  return text;
}

void write_file_atomic(const std::filesystem::path& path, std::string_view content) {
  TemporaryFile file(path);
  file.write(content);
  file.put();
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  const int file =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
  if (file < 0)
    fail_run(path.string() + ": cannot be written: " + reason() +
             "; remove it if it is a link or a pipe, and see to it that you may write there");
  struct stat is {};
  const bool own = ::fstat(file, &is) == 0 && S_ISREG(is.st_mode) && is.st_nlink == 1;
  const bool wrote = own && write_all(file, line.data(), line.size()) && write_all(file, "\n", 1);
  const std::string why = own ? reason() : "it is another file's second name, or no file";
  const bool closed = ::close(file) == 0;
  if (!wrote || !closed)
    fail_run(path.string() + ": writing failed: " + why + "; free some space or choose another folder");
}

void make_directories(const std::filesystem::path& path) {
  require_own_links(path);
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code)
    fail_run(path.string() + ": cannot create the folder: " + code.message() +
             "; choose a place that you may write to");
}

std::string hash_file(const std::filesystem::path& path) {
  const RegularFile file(path);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(piece);
  while (const size_t got = file.read(buffer.data(), buffer.size()))
    XXH3_128bits_update(state.get(), buffer.data(), got);
  return to_hex(XXH3_128bits_digest(state.get()));
}

std::string hash_bytes(std::string_view bytes) {
  return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace photo51::core
