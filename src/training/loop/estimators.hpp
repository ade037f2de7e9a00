#pragma once
/// Fits the heads that have an estimator, once the layers of a member are trained.

#include "photo51/training/loop/trainer.hpp"

namespace photo51::training {

inference::InferenceOptions pass_options(const TrainingJob& job);

/// Error (data) when an inner fold of a stack would have nothing to learn from.
void check_inner_folds(const ExperimentOptions& experiment, const data::Cohort& cohort,
                       const std::vector<int64_t>& train);

/// Each to what the encoders make of the training cases. A stack is fitted to what its heads say of training
/// cases that they have not seen: for that the member is trained anew on inner folds of the training part, in
/// folders `inner_K_of_N` of its own, shared by stacks that ask for as many. Writes `selected.json`, the
/// features that each head looks at. Errors: data, as of `Head::fit_at_once`; interrupted (state saved).
void fit_estimators(inference::TrainedModel& member, const TrainingJob& job, const data::CaseLoader& cases);

}  // namespace photo51::training
