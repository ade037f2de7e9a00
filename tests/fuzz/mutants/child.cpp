#include "fuzz/mutants/child.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "photo51/core/error.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define PHOTO51_ADDRESS_SANITIZER 1
/// One allocation of that size is too much memory already.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=6144:allocator_may_return_null=0";
}
#endif

namespace photo51::fuzz {
namespace {

#if defined(PHOTO51_ADDRESS_SANITIZER)
/// Its shadow would be counted; what was resident is looked at afterwards.
void bound_memory(const Bounds& /*bounds*/) {}
#else
/// What this process has (VmData is what RLIMIT_DATA counts) and as much again as the bounds say.
void bound_memory(const Bounds& bounds) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmData:") {
  }
  rlim_t kilobytes = 0;
  status >> kilobytes;
  const rlim_t most = kilobytes * 1024 + static_cast<rlim_t>(bounds.bytes);
  const rlimit memory{most, most};
  ::setrlimit(RLIMIT_DATA, &memory);
}
#endif

[[noreturn]] void be_child(const std::function<Verdict()>& work, const Bounds& bounds, int answer,
                           int report) {
  ::dup2(report, STDERR_FILENO);
  const auto seconds = static_cast<rlim_t>(bounds.seconds);
  const rlimit time{seconds, seconds + 5}, none{0, 0};
  ::setrlimit(RLIMIT_CPU, &time);
  ::setrlimit(RLIMIT_CORE, &none);
  bound_memory(bounds);
  const Verdict verdict = work();
  const char letter = verdict.outcome == Outcome::read      ? 'r'
                      : verdict.outcome == Outcome::refused ? 'e'
                                                            : 'x';
  const std::string text = letter + verdict.message;
  // A pipe holds 64 KiB without a reader.
  const bool wrote = ::write(answer, text.data(), std::min<size_t>(text.size(), 60000)) > 0;
  ::_exit(wrote ? 0 : 1);
}

std::string all_of(int file, size_t most) {
  std::string text(most, '\0');
  const ssize_t got = ::pread(file, text.data(), most, 0);
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return text;
}

/// Waits for `child`; kills it when it takes ten times the processor time allowed.
int wait_for(pid_t child, const Bounds& bounds, rusage& usage) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10 * bounds.seconds);
  int status = 0;
  while (::wait4(child, &status, WNOHANG, &usage) == 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return status;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Bounds default_bounds() {
  Bounds bounds;
#if defined(PHOTO51_ADDRESS_SANITIZER)
  bounds.bytes *= 2;
  bounds.seconds *= 4;
#endif
  return bounds;
}

Trial try_in_child(const std::function<Verdict()>& work, const Bounds& bounds) {
  int answer[2];
  if (::pipe(answer) != 0) core::fail_run("no pipe");
  const int report = ::memfd_create("report", MFD_CLOEXEC);
  const pid_t child = ::fork();
  if (child < 0) core::fail_run("no process");
  if (child == 0) be_child(work, bounds, answer[1], report);
  ::close(answer[1]);
  rusage usage{};
  const int status = wait_for(child, bounds, usage);
  std::string text(1 << 16, '\0');
  const ssize_t got = ::read(answer[0], text.data(), text.size());
  text.resize(got > 0 ? static_cast<size_t>(got) : 0);
  ::close(answer[0]);
  const std::string said = all_of(report, 6000);
  ::close(report);

  Trial trial;
  trial.peak_bytes = int64_t{usage.ru_maxrss} * 1024;
  trial.seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  trial.verdict.message = text.empty() ? "" : text.substr(1);
  const auto fail = [&](const std::string& why) {
    trial.verdict.message = why + "\n" + trial.verdict.message + "\n" + said;
  };
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    fail(signal == SIGXCPU || signal == SIGKILL ? "took too long"
                                                : "ended by signal " + std::to_string(signal));
  } else if (WEXITSTATUS(status) != 0 || text.empty()) {
    fail("ended with status " + std::to_string(WEXITSTATUS(status)));
  } else if (said.find("runtime error: ") != std::string::npos ||
             said.find("Sanitizer") != std::string::npos) {
    fail("a sanitizer has something to report");
  } else if (trial.peak_bytes > bounds.bytes) {
    fail("took " + std::to_string(trial.peak_bytes >> 20) + " MiB of memory");
  } else if (text[0] != 'x') {
    trial.verdict.outcome = text[0] == 'r' ? Outcome::read : Outcome::refused;
  }
  return trial;
}

}  // namespace photo51::fuzz
