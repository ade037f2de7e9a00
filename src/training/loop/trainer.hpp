#pragma once
/// Trains one model of a run: one fold, one repeat.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "photo51/inference/trained_model.hpp"
#include "photo51/training/run/experiment.hpp"
#include "training/loop/checkpoint.hpp"

namespace photo51::training {

struct TrainingJob {
  const ExperimentOptions& experiment;
  const data::Cohort& cohort;
  std::string title;  ///< "fold 1 of 5", for progress
  int64_t fold = 0, repeat = 0;
  std::vector<int64_t> train, validation;
  std::filesystem::path folder;  ///< checkpoints/fold_K
  std::function<void(const std::string& line)> log;
  /// Asked after every step of the optimiser; true = save and stop.
  std::function<bool()> stop;
  std::function<void(int64_t row, const std::string& why)> on_bad;
  int64_t members = 1;  ///< of the run, for the space that they take
};

/// All randomness of a member comes from this number.
uint64_t member_seed(int64_t seed, int64_t fold, int64_t repeat);

/// The layers of the model; heads with an estimator come after (estimators.hpp), and of a model that has no
/// others nothing is trained here. Goes on from `last.safetensors` when it is there. At the end,
/// `best.safetensors` holds the weights that predict. Errors: run (loss not finite), interrupted (state
/// saved).
///
/// The same bytes come out however often it is stopped: initial weights are drawn from the member's seed, the
/// order of an epoch and its augmentation from (seed, epoch), dropout from (seed, epoch, batch).
inference::TrainedModel train_model(const TrainingJob& job, const data::FittedTransforms& fitted,
                                    const data::CaseLoader& cases);

}  // namespace photo51::training
