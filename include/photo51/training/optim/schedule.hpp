#pragma once
/// The learning rate of a step, as a pure function, so that there is nothing to save.

#include <cstdint>

#include "photo51/config/fields.hpp"

namespace photo51::training {

/// Where a stage of training is.
struct ScheduleStep {
  int64_t step = 0;             ///< of the optimiser, from 0
  int64_t steps_per_epoch = 1;  ///< at least 1
  int64_t epochs = 1;           ///< of the stage
};

/// A factor on the optimiser's learning rate.
using ScheduleFactor = double (*)(const config::Choice& choice, const ScheduleStep& at);
/// What `schedule:` may name.
config::Catalogue<ScheduleFactor>& schedules();
/// By the schedule's row. Error (usage) when there is no such schedule.
double schedule_factor(const config::Choice& schedule, int64_t step, int64_t steps_per_epoch, int64_t epochs);

/// Steps of a warm-up of so many epochs.
double warmup_steps(double epochs, const ScheduleStep& at);

// The rows of the table, one file each. Both begin with a linear warm-up from 1/W to 1 over its W steps.
double cosine_factor(const config::Choice& choice, const ScheduleStep& at);
double constant_factor(const config::Choice& choice, const ScheduleStep& at);

}  // namespace photo51::training
