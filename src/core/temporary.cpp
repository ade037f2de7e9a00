#include "photo51/core/temporary.hpp"

#include <unistd.h>

#include <atomic>
#include <system_error>

namespace photo51::core {
namespace {

/// Before the numbers of process and write in the name of a temporary file.
constexpr std::string_view mark = ".tmp";

}  // namespace

std::filesystem::path behind_links(const std::filesystem::path& path) {
  std::filesystem::path at = path;
  std::error_code code;
  for (int steps = 0; steps < 40 && std::filesystem::is_symlink(at, code); ++steps)
    at = at.parent_path() / std::filesystem::read_symlink(at, code);
  return at;
}

std::string temporary_of(std::string_view file_name) {
  const size_t at = file_name.rfind(mark);
  if (at == std::string_view::npos || at == 0) return "";
  const std::string_view numbers = file_name.substr(at + mark.size());
  const size_t line = numbers.find('_');
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (line == std::string_view::npos || !digits(numbers.substr(0, line)) || !digits(numbers.substr(line + 1)))
    return "";
  return std::string(file_name.substr(0, at));
}

std::filesystem::path temporary_for(const std::filesystem::path& path) {
  static std::atomic<unsigned> writes{0};  // two threads may write the same path
  return path.string() + std::string(mark) + std::to_string(::getpid()) + "_" + std::to_string(writes++);
}

}  // namespace photo51::core
