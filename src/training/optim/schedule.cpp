#include "photo51/training/optim/schedule.hpp"

#include <cmath>

#include "photo51/config/read.hpp"
#include "photo51/training/options.hpp"

namespace photo51::training {

double warmup_steps(double epochs, const ScheduleStep& at) {
  return std::round(epochs * static_cast<double>(at.steps_per_epoch));
}

config::Catalogue<ScheduleFactor>& schedules() {
  static config::Catalogue<ScheduleFactor> table{
      {config::component<CosineOptions>("cosine", "linear warm-up, then half a cosine"), cosine_factor},
      {config::component<ConstantOptions>("constant", "linear warm-up, then constant"), constant_factor},
  };
  return table;
}

double schedule_factor(const config::Choice& schedule, int64_t step, int64_t steps_per_epoch,
                       int64_t epochs) {
  const auto* factor = schedules().find(schedule.name);
  if (factor == nullptr) config::default_choice(schedules().components(), schedule.name);  // throws
  return (*factor)(schedule, {step, steps_per_epoch, epochs});
}

}  // namespace photo51::training
