#include "photo51/core/interrupt.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <exception>

#include "core/terminal.hpp"

namespace photo51::core {
namespace {

constexpr int exit_code = 130;

std::atomic<bool> raised{false};
std::atomic<int> graceful{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

/// What a signal handler may read: fixed memory, written before the handler is set.
struct Line {
  char text[256] = "";
  size_t size = 0;

  void set(const std::string& said) {
    size = said.empty() ? 0 : std::min(said.size(), sizeof text - 1);
    std::memcpy(text, said.data(), size);
    if (size > 0) text[size++] = '\n';
  }
  void write() const {
    if (size == 0) return;
    if (bar_is_drawn()) (void)!::write(STDERR_FILENO, "\n", 1);
    (void)!::write(STDERR_FILENO, text, size);
  }
};
Line last_words, graceful_words;

void answer(int /*signal*/) {
  if (graceful > 0 && !raised.exchange(true)) {
    graceful_words.write();
    return;
  }
  last_words.write();
  ::_exit(exit_code);
}

}  // namespace

void catch_interrupts(const std::string& said, const std::string& said_gracefully) {
  last_words.set(said);
  graceful_words.set(said_gracefully);
  raised = false;
  struct sigaction action {};
  action.sa_handler = answer;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
  return raised;
}

void end_interrupted() {
  last_words.write();
  ::_exit(exit_code);
}

Graceful::Graceful() : exceptions_(std::uncaught_exceptions()) {
  ++graceful;
}

Graceful::~Graceful() {
  if (--graceful > 0 || !raised || std::uncaught_exceptions() > exceptions_) return;
  end_interrupted();
}

}  // namespace photo51::core
