#include "photo51/training/optim/schedule.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

void describe(config::Fields& f, ConstantOptions& o) {
  f("warmup_epochs", o.warmup_epochs, "epochs of linear warm-up", {.min = 0});
}

double constant_factor(const config::Choice& choice, const ScheduleStep& at) {
  const double warmup = warmup_steps(choice.as<ConstantOptions>().warmup_epochs, at);
  const double step = static_cast<double>(at.step);
  return step < warmup ? (step + 1) / warmup : 1;
}

}  // namespace photo51::training
