#pragma once
/// Trains one model of a run: one fold, one repeat.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "photo51/inference/trained_model.hpp"
#include "photo51/training/loop/gradient_sync.hpp"
#include "photo51/training/objectives/objective.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::training {

struct TrainingJob {
  const ExperimentOptions& experiment;  ///< `train.threads` and `.device` resolved
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

/// A model with initial weights drawn from the member's seed, its heads fitted to the labels of `job.train`,
/// on the device of `job`. Errors: see Model.
inference::TrainedModel fresh_model(const TrainingJob& job, const data::FittedTransforms& fitted);

/// Drives an objective through the stages of `job.experiment.train`: order of the cases, forward and backward
/// pass, accumulation, clipping, the optimiser's steps, the moving average, validation and the choice of an
/// epoch, checkpoints.
///
/// Goes on from `last.safetensors` in `job.folder` when it is there. At the end, `best.safetensors` holds the
/// weights that predict. The same bytes come out however often it is stopped: the order of an epoch and its
/// augmentation come from (seed, epoch), dropout from (seed, epoch, batch), and a stage begins with a new
/// optimiser. Validation scores the heads, whatever the objective.
class Trainer {
 public:
  /// All but `model` must outlive it. Error (usage): a pattern of `stages` or `parameter_groups` that matches
  /// no parameter.
  Trainer(const TrainingJob& job, inference::TrainedModel model, const data::CaseLoader& cases,
          Objective& objective, GradientSync& sync);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  /// The model with the weights that predict. Errors: run (loss or gradient not finite), data (a checkpoint
  /// of another model), interrupted (state saved).
  inference::TrainedModel run();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A fresh model, trained by the config's objective. Heads with an estimator come after (estimators.hpp), and
/// of a model that has no others nothing is trained here.
inference::TrainedModel train_model(const TrainingJob& job, const data::FittedTransforms& fitted,
                                    const data::CaseLoader& cases);

}  // namespace photo51::training
