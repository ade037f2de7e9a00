#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "core/byte_source.hpp"
#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/temporary.hpp"

namespace photo51::core {
namespace {

std::string reason() {
  return std::strerror(errno);
}

std::string to_hex(XXH128_hash_t hash) {
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace

void require_regular_file(const std::filesystem::path& path) {
  struct stat is {};
  if (::stat(path.c_str(), &is) != 0) {
    const int why = errno;
    if (why == ENOENT || why == ENOTDIR) fail_data(path.string() + ": no such file");
    fail_data(path.string() + ": cannot be read: " + std::strerror(why));
  }
  if (S_ISREG(is.st_mode)) return;
  if (S_ISDIR(is.st_mode)) fail_data(path.string() + ": is a folder, not a file");
  const char* what = S_ISFIFO(is.st_mode) ? "a pipe" : S_ISSOCK(is.st_mode) ? "a socket" : "a device";
  fail_data(path.string() + ": is not a regular file but " + what + "; name a file on a disk");
}

void require_readable(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail_data(path.string() + ": cannot be read: " + reason());
  ::close(file);
}

std::string read_file(const std::filesystem::path& path) {
  require_regular_file(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_data(path.string() + ": cannot be read: " + reason());
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) fail_data(path.string() + ": reading failed: " + reason());
  return content;
}

std::string read_text(const std::filesystem::path& path) {
  std::string text = read_file(path);
  if (!text.starts_with("\x1F\x8B")) return text;
  ByteSource source(path);
  text.clear();
  std::vector<char> piece(size_t{1} << 16);
  while (const size_t got = source.read(piece.data(), piece.size())) text.append(piece.data(), got);
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
  require_regular_file(path);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) fail_data(path.string() + ": cannot be read: " + reason());
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(size_t{1} << 20);
  while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    XXH3_128bits_update(state.get(), buffer.data(), got);
  if (std::ferror(file.get()) != 0) fail_data(path.string() + ": reading failed: " + reason());
  return to_hex(XXH3_128bits_digest(state.get()));
}

std::string hash_bytes(std::string_view bytes) {
  return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

}  // namespace photo51::core
