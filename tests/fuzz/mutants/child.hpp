#pragma once
/// Work done in a process of its own, so that whatever happens there can be told.

#include <cstdint>
#include <functional>
#include <string>

namespace photo51::fuzz {

enum class Outcome {
  read,     ///< it could be read all the same
  refused,  ///< core::Error of the input's fault whose message names the file
  failed,   ///< anything else: a signal, a sanitizer's report, another exception, too long, too much memory
};

struct Verdict {
  Outcome outcome = Outcome::failed;
  std::string message;  ///< the error, or what failed
};

struct Bounds {
  int64_t bytes = int64_t{2} << 30;  ///< of memory
  int seconds = 30;                  ///< of processor time; ten times that by the clock
};
/// Wider where a sanitizer slows the program down and pads its memory.
Bounds default_bounds();

struct Trial {
  Verdict verdict;
  int64_t peak_bytes = 0;  ///< resident
  double seconds = 0;      ///< of processor time
};

/// The verdict of `work`, which is `failed` when its process ends otherwise or leaves the bounds. Only the
/// thread that calls exists in the new process.
Trial try_in_child(const std::function<Verdict()>& work, const Bounds& bounds);

}  // namespace photo51::fuzz
