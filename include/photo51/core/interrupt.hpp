#pragma once
/// SIGINT and SIGTERM: the program ends at once with exit code 130, unless it has something to save first.

#include <string>

namespace photo51::core {

/// From now on the two signals write `said` to standard error as a line and end the process with exit code
/// 130. Files are written beside their place and renamed, so nothing is left half-written.
/// Where a Graceful lives, the first signal writes `said_gracefully` (if any) and is only noted, a second
/// ends the process.
void catch_interrupts(const std::string& said, const std::string& said_gracefully);
/// Whether a signal came that a Graceful's code has to answer.
bool interrupted();

/// Ends the process as a signal does where nothing is to be saved: for code that has saved its state and
/// would otherwise wait for threads that still load.
[[noreturn]] void end_interrupted();

/// Code that asks `interrupted()` often and saves its state. When it ends without having answered a signal,
/// the process ends.
class Graceful {
 public:
  Graceful();
  ~Graceful();
  Graceful(const Graceful&) = delete;
  Graceful& operator=(const Graceful&) = delete;

 private:
  int exceptions_;
};

}  // namespace photo51::core
