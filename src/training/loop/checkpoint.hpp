#pragma once
/// What a member's training needs to go on: one safetensors file, so that a crash at any moment leaves either
/// the last state or the new one, never a mixture.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "photo51/inference/trained_model.hpp"
#include "photo51/training/optim/optimizer.hpp"
#include "training/optim/ema.hpp"

namespace photo51::training {

/// Progress of one member; JSON in the file's metadata.
struct TrainState {
  int64_t epoch = 0;    ///< epochs completed
  int64_t batch = 0;    ///< batches completed of the epoch that runs
  int64_t steps = 0;    ///< of the optimiser
  double lr = 0;        ///< of the last step
  double loss_sum = 0;  ///< over the cases of the epoch that runs
  int64_t loss_count = 0;
  std::map<std::string, double> part_sums;  ///< a head's loss, likewise
  std::map<std::string, int64_t> part_counts;
  bool has_best = false;
  double best = 0;  ///< the monitored value, lower = better
  int64_t best_epoch = 0;
  bool finished = false;
  std::vector<std::string> history;  ///< the epochs' lines of log.jsonl
};

std::string to_json(const TrainState& state);
/// Error (data).
TrainState state_from_json(const std::string& text);

/// `average` may be null. Atomic. Error (run) when the disk is full.
void save_checkpoint(const std::filesystem::path& file, const inference::TrainedModel& member,
                     const Optimizer& optimizer, const ExponentialMovingAverage* average,
                     const TrainState& state);
/// Fills all of them. Error (data) that names the file: missing, truncated, of another model.
TrainState load_checkpoint(const std::filesystem::path& file, inference::TrainedModel& member,
                           Optimizer& optimizer, ExponentialMovingAverage* average);
/// The state alone.
TrainState read_state(const std::filesystem::path& file);

}  // namespace photo51::training
