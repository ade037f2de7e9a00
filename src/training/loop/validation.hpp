#pragma once
/// The loss and the metric of a part of the cohort under the weights as they are.

#include <vector>

#include "photo51/inference/trained_model.hpp"

namespace photo51::training {

struct Validation {
  double loss = 0;    ///< of all rows taken as one batch, so that a Cox loss sees all its pairs; NaN = none
  double metric = 0;  ///< mean over the heads of AUROC, R2 and c-index; NaN where no head has one
};

Validation validate(inference::TrainedModel& member, const data::Cohort& cohort,
                    const data::CaseLoader& cases, const std::vector<int64_t>& rows,
                    const inference::InferenceOptions& options);

/// Whether these rows give a head a metric, or a loss, whatever is predicted. Cox's loss `needs_event`.
bool has_metric(const data::TaskSpec& spec, const data::Cohort& cohort, const std::vector<int64_t>& rows);
bool has_loss(const data::TaskSpec& spec, const data::Cohort& cohort, const std::vector<int64_t>& rows,
              bool needs_event);

}  // namespace photo51::training
