#pragma once
/// The last station of an error: what the program says of it, and its exit code. Nothing here throws.

#include <exception>
#include <string>
#include <string_view>

namespace photo51::core {

struct Failure {
  int code = 1;         ///< of the program, as `Fault`
  std::string message;  ///< without what LibTorch says of its own calls; may be empty when memory ran out
  bool out_of_memory = false;
};

/// What an exception of any type means: core::Error by its fault, what the file system says of a file as
/// wrong data (a full or read-only disk as a failed run), memory and threads that cannot be had and all else
/// as a failed run.
Failure failure_of(const std::exception_ptr& error) noexcept;

/// One line of standard error, `photo51: message` or a JSON object with `error` and `exit_code`; where no
/// memory is left even for that, a line that says so. Returns the code.
int report_failure(bool json, int code, std::string_view message) noexcept;

/// The line that `report_failure` writes, without its end.
std::string failure_line(bool json, int code, std::string_view message);

}  // namespace photo51::core
