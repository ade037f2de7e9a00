#include "photo51/core/failure.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

#include "core/terminal.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/shown.hpp"

namespace photo51::core {
namespace {

Failure of_file_system(const std::filesystem::filesystem_error& error) {
  const bool disk = error.code() == std::errc::no_space_on_device ||
                    error.code() == std::errc::read_only_file_system || error.code() == std::errc::io_error;
  return {disk ? 1 : 3, error.path1().string() + ": " + error.code().message(), false};
}

/// LibTorch appends its C++ stack after the first line, in one of two ways.
std::string without_stack(std::string message) {
  for (const char* stack : {"\nException raised from", "\nframe #"})
    if (const size_t end = message.find(stack); end != std::string::npos) message.resize(end);
  while (message.ends_with('\n')) message.pop_back();
  return message;
}

Failure described(const std::exception_ptr& error) {
  if (!error) return {1, "the program was ended by its libraries", false};
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return {static_cast<int>(known.fault()), known.what(), false};
  } catch (const std::filesystem::filesystem_error& known) {
    return of_file_system(known);
  } catch (const nlohmann::json::exception&) {
    // Its text quotes what it read.
    return {3, "a JSON document is not as it should be: an entry is absent or of another type", false};
  } catch (const std::length_error&) {
    return {1, "out of memory", true};
  } catch (const std::system_error& known) {
    if (known.code() == std::errc::resource_unavailable_try_again)
      return {1,
              "no thread can be started; raise the limit of processes (ulimit -u) or lower the number of "
              "threads and workers",
              false};
    return {1, known.what(), false};
  } catch (const std::exception& known) {
    if (is_out_of_memory(known)) return {1, "out of memory", true};
    return {1, without_stack(known.what()), false};
  } catch (...) {
    return {1, "an unknown error", false};
  }
}

}  // namespace

Failure failure_of(const std::exception_ptr& error) noexcept {
  try {
    return described(error);
  } catch (...) {
    return {1, {}, true};
  }
}

std::string failure_line(bool json, int code, std::string_view message) {
  const std::string line = shown(message);
  if (!json) return "photo51: " + line;
  return json_text(nlohmann::json{{"error", line}, {"exit_code", code}});
}

int report_failure(bool json, int code, std::string_view message) noexcept {
  try {
    clear_bar();
    const std::string line = failure_line(json, code, message) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
  } catch (...) {
    const std::string_view line = json ? "{\"error\":\"out of memory\",\"exit_code\":1}\n"
                                       : "photo51: out of memory, even for saying what went wrong\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
    return 1;
  }
  return code;
}

}  // namespace photo51::core
