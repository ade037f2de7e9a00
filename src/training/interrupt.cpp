#include "photo51/training/interrupt.hpp"

#include <csignal>

namespace photo51::training {
namespace {

volatile std::sig_atomic_t raised = 0;

void note(int signal) {
  raised = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  raised = 0;
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

bool interrupted() {
  return raised != 0;
}

}  // namespace photo51::training
