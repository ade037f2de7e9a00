#include "training/optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "photo51/training/options.hpp"

namespace photo51::training {

double schedule_factor(const config::Choice& schedule, int64_t step, int64_t steps_per_epoch,
                       int64_t epochs) {
  const bool cosine = schedule.name == "cosine";
  const double warmup_epochs =
      cosine ? schedule.as<CosineOptions>().warmup_epochs : schedule.as<ConstantOptions>().warmup_epochs;
  const double warmup = std::round(warmup_epochs * static_cast<double>(steps_per_epoch));
  const double at = static_cast<double>(step);
  if (at < warmup) return (at + 1) / warmup;
  if (!cosine) return 1;
  const double total = static_cast<double>(steps_per_epoch * epochs);
  const double progress = std::min(1.0, (at - warmup) / std::max(1.0, total - warmup));
  const double left = schedule.as<CosineOptions>().final_fraction;
  return left + (1 - left) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}

}  // namespace photo51::training
