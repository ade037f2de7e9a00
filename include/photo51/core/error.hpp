#pragma once
/// The one exception type of the library. Context is added on the way out, so that the message reads from the
/// outside in: `case P7: input mri: flair.nii.gz: the file ends after 12 of 40 slices; copy it again`.

#include <exception>
#include <string>
#include <utility>

namespace photo51::core {

/// What went wrong, and with it the exit code of the program.
enum class Fault {
  run = 1,    ///< the run failed: disk full, out of memory, not converging
  usage = 2,  ///< the command line or the configuration is wrong
  data = 3,   ///< the input data is wrong
  interrupted = 130
};

class Error : public std::exception {
 public:
  Error(Fault fault, std::string message) : fault_(fault), message_(std::move(message)) {}

  /// Puts `outer: ` in front of the message.
  Error& add_context(const std::string& outer) {
    message_.insert(0, outer + ": ");
    return *this;
  }
  Fault fault() const noexcept { return fault_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  Fault fault_;
  std::string message_;
};

[[noreturn]] inline void fail_run(std::string message) {
  throw Error(Fault::run, std::move(message));
}
[[noreturn]] inline void fail_usage(std::string message) {
  throw Error(Fault::usage, std::move(message));
}
[[noreturn]] inline void fail_data(std::string message) {
  throw Error(Fault::data, std::move(message));
}

/// Runs `body`; an Error that leaves it gains `context`. `context` may be a string or a callable that makes
/// one (called only on failure).
template <class Context, class Body>
auto with_context(Context&& context, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (Error& error) {
    if constexpr (std::is_invocable_v<Context>) {
      error.add_context(context());
    } else {
      error.add_context(context);
    }
    throw;
  }
}

}  // namespace photo51::core
