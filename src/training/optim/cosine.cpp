#include <algorithm>
#include <cmath>
#include <numbers>

#include "photo51/training/optim/schedule.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

void describe(config::Fields& f, CosineOptions& o) {
  f("warmup_epochs", o.warmup_epochs, "epochs of linear warm-up", {.min = 0});
  f("final_fraction", o.final_fraction, "of the learning rate that is left at the end", {.min = 0, .max = 1});
}

double cosine_factor(const config::Choice& choice, const ScheduleStep& at) {
  const auto& options = choice.as<CosineOptions>();
  const double warmup = warmup_steps(options.warmup_epochs, at);
  const double step = static_cast<double>(at.step);
  if (step < warmup) return (step + 1) / warmup;
  const double total = static_cast<double>(at.steps_per_epoch * at.epochs);
  const double progress = std::min(1.0, (step - warmup) / std::max(1.0, total - warmup));
  const double left = options.final_fraction;
  return left + (1 - left) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace photo51::training
