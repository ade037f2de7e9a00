#pragma once
/// Who trains, who validates, who tests; and which heads can be learned with that.

#include <string>
#include <vector>

#include "photo51/data/options/cohort.hpp"
#include "photo51/data/plan/columns.hpp"

namespace photo51::training {

struct PlannedSplit {
  data::SplitOptions options;
  std::string why_test, why_validation;
  int64_t training = 0;                    ///< patients of the smallest training part
  std::vector<data::ColumnNote> left_out;  ///< heads, with what the split says of them
};

/// A hospital of about a fifth of the patients is the test set where there are several and every head can be
/// learned without it; else a fifth at random from 100 patients on. The rest is folds, or from 400 patients
/// on one validation part. Takes away the labels that cannot be learned with that.
PlannedSplit plan_split(const data::CohortOptions& cohort, const data::ManifestColumns& columns,
                        std::vector<data::PlannedLabel>& labels);

}  // namespace photo51::training
