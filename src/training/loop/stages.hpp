#pragma once
/// The stages of a training, and which of them an epoch belongs to.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/training/options.hpp"

namespace photo51::training {

struct Stage {
  std::string name;  ///< empty: the one of a training without stages
  int64_t begin = 0, epochs = 0;
  config::Choice optimizer, schedule;
  std::vector<std::string> frozen;
};

/// At least one: without `train.stages` that of `epochs`, `optimizer` and `schedule`.
std::vector<Stage> stages_of(const TrainOptions& options);
/// Epochs of all stages.
int64_t epochs_of(const std::vector<Stage>& stages);
/// The stage of an epoch, from 0; after the last epoch the last stage.
size_t stage_of_epoch(const std::vector<Stage>& stages, int64_t epoch);

}  // namespace photo51::training
