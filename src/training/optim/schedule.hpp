#pragma once
/// The learning rate of a step, as a pure function, so that there is nothing to save.

#include <cstdint>

#include "photo51/config/fields.hpp"

namespace photo51::training {

/// Factor on the optimiser's learning rate at optimiser step `step` (from 0) of `epochs * steps_per_epoch`.
/// Warm-up goes from 1/W to 1 over its W steps.
double schedule_factor(const config::Choice& schedule, int64_t step, int64_t steps_per_epoch, int64_t epochs);

}  // namespace photo51::training
