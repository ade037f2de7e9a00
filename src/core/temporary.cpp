#include "photo51/core/temporary.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <system_error>

#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"

namespace photo51::core {
namespace {

namespace fs = std::filesystem;

/// Before the number of the process and the part that nobody can guess.
constexpr std::string_view mark = ".tmp";
constexpr size_t random_digits = 16;
constexpr int most_links = 40;  ///< as many as Linux follows

bool is_made_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::string unguessable() {
  uint64_t number = 0;
  if (::getentropy(&number, sizeof number) != 0)
    fail_run(std::string("the system gives no random numbers: ") + std::strerror(errno));
  std::array<char, random_digits + 1> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::deque<fs::path> parts_of(const fs::path& path) {
  return {path.begin(), path.end()};
}

}  // namespace

void require_own_links(const fs::path& path) {
  std::error_code code;
  const fs::path whole = fs::absolute(path, code);
  auto left = parts_of(whole.relative_path());
  fs::path at = whole.root_path();
  for (int links = 0; !left.empty();) {
    const fs::path part = left.front();
    left.pop_front();
    if (part.empty() || part == ".") continue;
    const fs::path next = part == ".." ? at.parent_path() : at / part;
    struct stat is {};
    if (::lstat(next.c_str(), &is) != 0) return;  // nothing there, so nothing that leads elsewhere
    if (!S_ISLNK(is.st_mode)) {
      at = next;
      continue;
    }
    if (is.st_uid != ::geteuid() && is.st_uid != 0)
      fail_run(path.string() + ": cannot be written: " + next.string() +
               " is a link that belongs to another user (number " + std::to_string(is.st_uid) +
               "), who chooses where it leads; remove the link, or name the place that you mean");
    const fs::path leads = fs::read_symlink(next, code);
    if (code || ++links > most_links) return;  // opening says what is wrong with it
    if (leads.is_absolute()) at = leads.root_path();
    auto further = parts_of(leads.relative_path());
    left.insert(left.begin(), further.begin(), further.end());
  }
}

fs::path behind_links(const fs::path& path) {
  require_own_links(path);
  fs::path at = path;
  std::error_code code;
  for (int steps = 0; steps < most_links && fs::is_symlink(at, code); ++steps)
    at = at.parent_path() / fs::read_symlink(at, code);
  return at;
}

std::string temporary_of(std::string_view file_name) {
  const size_t at = file_name.rfind(mark);
  if (at == std::string_view::npos || at == 0) return "";
  const std::string_view rest = file_name.substr(at + mark.size());
  const size_t line = rest.find('_');
  if (line == std::string_view::npos || !is_made_of(rest.substr(0, line), "0123456789")) return "";
  // Earlier versions numbered their writes.
  const std::string_view last = rest.substr(line + 1);
  const bool is_random = last.size() == random_digits && is_made_of(last, "0123456789abcdef");
  if (!is_random && !is_made_of(last, "0123456789")) return "";
  return std::string(file_name.substr(0, at));
}

fs::path temporary_for(const fs::path& path) {
  return path.string() + std::string(mark) + std::to_string(::getpid()) + "_" + unguessable();
}

TemporaryFile::TemporaryFile(const fs::path& target)
    : named_(target), target_(behind_links(target)), path_(temporary_for(target_)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file_ < 0)
    fail_run(named_.string() + ": cannot be written: " + std::strerror(errno) +
             "; choose a folder that you may write to, or give yourself the right");
  is_there_ = true;
}

TemporaryFile::~TemporaryFile() {
  if (file_ >= 0) ::close(file_);
  if (is_there_) ::unlink(path_.c_str());
}

int TemporaryFile::another_handle() const {
  const int other = ::fcntl(file_, F_DUPFD_CLOEXEC, 0);
  if (other < 0) fail(std::strerror(errno));
  return other;
}

void TemporaryFile::write(std::string_view bytes) const {
  if (!write_all(file_, bytes.data(), bytes.size())) fail(std::strerror(errno));
}

void TemporaryFile::put() {
  if (::fsync(file_) != 0) fail(std::strerror(errno));
  const bool closed = ::close(file_) == 0;
  file_ = -1;
  if (!closed || std::rename(path_.c_str(), target_.c_str()) != 0) fail(std::strerror(errno));
  is_there_ = false;
}

void TemporaryFile::fail(const std::string& why) const {
  fail_run(named_.string() + ": writing failed: " + why + "; free some space or choose another folder");
}

}  // namespace photo51::core
