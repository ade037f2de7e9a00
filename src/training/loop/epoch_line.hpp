#pragma once
/// What `log.jsonl` and the progress say of an epoch.

#include <string>

#include "photo51/training/loop/trainer.hpp"
#include "training/loop/checkpoint.hpp"
#include "training/loop/validation.hpp"

namespace photo51::training {

/// Of the epoch that `state` has just ended.
std::string epoch_line(const TrainingJob& job, const TrainState& state, const Validation& validation,
                       double seconds);
/// ", validation loss 0.5000, metric 0.700", as far as they are defined.
std::string validation_text(const Validation& validation);
/// Over the cases of the epoch so far; NaN without any.
double mean_loss(const TrainState& state);

}  // namespace photo51::training
